"""The commands as a person meets them: output, errors of one sentence, exit codes."""

import json
import subprocess
import sys

import pytest


def test_help_needs_neither_torch_nor_pandas():
    code = "import sys, genbench.cli; print({'torch', 'pandas', 'numpy', 'pydantic'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_help_names_every_command(genbench):
    code, out, _ = genbench("--help")
    assert code == 0
    for command in ("run", "show", "leaderboard", "prepare", "doctor", "cite", "list"):
        assert command in out


@pytest.mark.parametrize("kind", ["models", "tasks", "metrics", "detectors", "claims", "suites"])
def test_list(genbench, kind):
    code, out, _ = genbench("list", kind, "--json")
    assert code == 0
    for row in json.loads(out):
        assert row["name"]
        assert row["summary"]
    assert genbench("list", kind)[0] == 0


def test_list_says_what_can_be_set(genbench):
    rows = {row["name"]: row for row in json.loads(genbench("list", "models", "--json")[1])}
    assert rows["wgan"]["options"]["clip"] == 0.01
    assert rows["lsgan"]["options"]["architecture"] == "mlp"


def test_cite(genbench):
    code, out, _ = genbench("cite", "wgan-gp")
    assert code == 0
    assert out.startswith("@")
    assert "Gulrajani" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cite", "wgan-pg"), "nothing is called 'wgan-pg'; did you mean wgan-gp"),
        (("run", "quikc"), "no suite is called 'quikc'; did you mean quick?"),
        (("run", "quick", "--models", "gam"), "no model is called 'gam'; did you mean gan"),
        (("run", "quick", "--tasks", "ring9"), "no task is called 'ring9'; did you mean ring8?"),
        (("run", "quick", "--seeds", "2", "--seed-ids", "1"), "exclude each other"),
        (("run", "quick", "--seed-ids", "a,b"), "expected integers"),
        (("show", "/no/such/folder"), "/no/such/folder"),
        (("leaderboard", "/no/such/folder"), "/no/such/folder"),
        (("prepare", "mnits"), "no task is called 'mnits'; did you mean mnist"),
    ],
)
def test_mistakes_are_one_sentence(genbench, arguments, message):
    code, _, err = genbench(*arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


def test_a_typo_in_a_suite_names_file_and_key(genbench, tmp_path):
    suite = tmp_path / "mine.toml"
    suite.write_text(
        'description = "x"\n[[compare]]\ntasks = ["ring8"]\nmodels = ["gan"]\nstep = 5\nsteps = 5\n'
    )
    code, _, err = genbench("run", suite)
    assert code == 2
    assert f"{suite}: compare[0].step" in err
    assert "did you mean steps" in err


def test_missing_data_say_how_to_get_them(genbench, tmp_path):
    code, _, err = genbench("prepare", "mnist", "--data-dir", tmp_path)
    assert code == 2
    assert "--download" in err


def test_doctor(genbench, tmp_path):
    code, out, _ = genbench("doctor", "--data-dir", tmp_path)
    assert code == 0
    for word in ("torch", "device", "task mnist", "task digits"):
        assert word in out


def test_a_run_without_its_data_fails_and_the_others_go_on(genbench, tmp_path):
    suite = tmp_path / "mixed.toml"
    suite.write_text(
        'description = "x"\nseeds = 1\nsteps = 2\nbatch = 8\n'
        '[[compare]]\ntasks = ["mnist", "ring8"]\nmodels = ["gan"]\n'
    )
    code, out, err = genbench("run", suite, "--out", tmp_path / "out", "--data-dir", tmp_path)
    assert code == 3
    assert "mnist · gan failed" in err
    assert "--download" in err
    assert "ring8" in out


def test_a_pair_that_cannot_run_is_skipped_with_its_reason(genbench, tmp_path):
    code, out, _ = genbench("run", "quick", "--models", "dcgan", "--tasks", "ring8", "--out", tmp_path)
    assert code == 0
    assert "convolutions need images" in " ".join(out.split())
    rows = json.loads(genbench("leaderboard", tmp_path, "--format", "json")[1])
    assert [(row["status"], row["reason"]) for row in rows] == [("skipped", "convolutions need images")]
