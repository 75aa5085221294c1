"""The README's commands are run as they stand there, with a smaller budget."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from genbench.registry import models

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands(program: str) -> list[list[str]]:
    lines = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line and line[0] == program]


def test_both_make_commands_exist():
    assert [line[1] for line in commands("make")] == ["demo", "test"]
    for _, target in commands("make"):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.timeout(1800)
def test_genbench_commands(tmp_path):
    """All but those that need a bucket or a cluster; test_urls.py and test_cluster.py bring theirs along."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    assert len(commands("genbench")) >= 6
    for _, *arguments in commands("genbench"):
        if "ray" in arguments or any(argument.startswith("s3://") for argument in arguments):
            continue
        small = (
            ["--steps", "1", "--jobs", "1"] if arguments[0] == "run" else []
        )  # a worker imports torch anew
        run = subprocess.run(
            [sys.executable, "-m", "genbench", *arguments, *small],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400,
        )  # fmt: skip
        assert run.returncode == 0, (arguments, run.stderr)
        assert run.stdout.strip()


def test_the_suite_is_one(tmp_path):
    from genbench.suite import expand, load_suite

    (text,) = blocks("toml")
    path = tmp_path / "readme.toml"
    path.write_text(text)
    assert len(expand(load_suite(path))) == 2 * (3 + 1)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    models._load()
    monkeypatch.setattr(models, "_entries", dict(models._entries))  # what the page registers goes again
    scope: dict[str, object] = {"__name__": "readme"}
    code = code.replace('"squared-hinge-gan"', '"squared-hinge-gan-of-the-readme"')
    exec(compile(code, "README.md", "exec"), scope)
    assert len(scope) > 2


def test_the_plugin_shown_is_the_one_that_is_tested():
    plugin = (ROOT / "tests/plugins/genbench-hinge/genbench_hinge/__init__.py").read_text()
    shown = blocks("python")[-1]
    assert plugin.partition("\n\n")[2].strip() == shown.strip()


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
