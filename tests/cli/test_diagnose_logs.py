"""`genbench diagnose` on somebody else's log, as a person meets it."""

import json
import os

import pytest

STEPS = range(200)


@pytest.fixture
def log(tmp_path):
    def write(header: str, line, name: str = "log.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *map(line, STEPS), ""]))
        return path

    return write


def broken(step: int) -> str:
    return "nan" if step >= 150 else "1.0"


def test_what_was_left_out_is_said_before_the_findings(genbench, log):
    path = log("step,g_loss,d_loss", lambda i: f"{i},{broken(i)},{'-' if i == 3 else 1.0}")
    code, out, _ = genbench("diagnose", path)
    assert code == 0
    note, finding = (
        "note: d_loss: 1 cell without a number now a gap (row 4: -)",
        "exploding_gradient (not finite)",
    )
    assert out.index(note) < out.index(finding)
    assert "since step 150 (clean at 149)" in out


def test_notes_are_part_of_the_json(genbench, log):
    path = log("step,g_loss,lr", lambda i: f"{i},{broken(i)},0.1")
    found = json.loads(genbench("diagnose", path, "--json")[1])
    assert [v["onset"] for v in found["verdicts"] if v["verdict"] == "detected"] == [[149, 150]]
    assert found["notes"] == ["no detector knows these columns: lr; --map COLUMN=SIGNAL says what they are"]


def test_a_log_that_no_detector_can_judge_is_not_called_sound(genbench, log):
    path = log("step,quality", lambda i: f"{i},1.0")
    out = genbench("diagnose", path)[1]
    assert "seed 0: no detector could judge it" in out
    assert "if one is a loss, write for example --map quality=generator/loss" in out


def test_the_line_that_is_advised_works(genbench, log):
    path = log("step,G", lambda i: f"{i},{'' if i >= 150 else 1.0}")
    out = genbench("diagnose", path)[1]
    assert "no detector could judge it" in out
    assert "--map G=generator/loss" in out
    assert "since step 150 (clean at 149)" in genbench("diagnose", path, "--map", "G=generator/loss")[1]


def test_columns_with_an_equals_sign_are_mapped(genbench, log):
    path = log("Step,lr=0.1 - it", lambda i: f"{i},{broken(i)}")
    code, out, err = genbench("diagnose", path, "--map", "lr=0.1 - it=generator/loss")
    assert code == 0, err
    assert "since step 150 (clean at 149)" in out
    assert "no detector knows" not in out


def test_each_run_of_a_log_is_judged(genbench, log):
    path = log("step,g_loss", lambda i: f"{i % 100},{broken(i)}")
    out = genbench("diagnose", path)[1]
    assert "seed 0: nothing found by 1 detectors" in out
    assert "seed 1: failure: exploding_gradient (not finite), since step 50 (clean at 49)" in out
    assert "note: seed 0 is attempt 1, seed 1 is attempt 2" in out


def test_a_pipe_is_one_sentence(genbench, tmp_path):
    os.mkfifo(tmp_path / "log.csv")
    code, _, err = genbench("diagnose", tmp_path / "log.csv")
    assert code == 2
    assert "is no regular file; copy what it holds into one and give that" in err
    assert len(err.strip().splitlines()) == 1
