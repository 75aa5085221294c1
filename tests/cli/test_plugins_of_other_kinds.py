"""A package from outside adds a conditional GAN, a model fitted by EM, and a task with a condition."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genbench.registry import models, tasks
from genbench.testing import MODEL_CHECKS, TASK_CHECKS, conditional_tasks, small_tasks

PLUGIN = Path(__file__).parents[1] / "plugins" / "genbench-strangers"
PACKAGE = "genbench_strangers"
POINTS, DIGITS = small_tasks()
CASES = [("conditional-gan", task) for task in conditional_tasks()]
CASES += [("em-mixture", POINTS), ("em-mixture", DIGITS)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> dict[str, str]:
    """Environment of a process that has the plugin pip-installed, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(PLUGIN)]
    subprocess.run(command, check=True)
    return {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}


@pytest.fixture
def imported(monkeypatch):
    """The plugin's models and tasks are known in this process, until the test ends."""
    for registry in (models, tasks):
        monkeypatch.setattr(registry, "_entries", {name: registry[name] for name in registry})
    monkeypatch.syspath_prepend(str(PLUGIN))
    for module in ("conditional_gan", "em_mixture", "digits_by_class"):
        importlib.import_module(f"{PACKAGE}.{module}")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def genbench(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genbench", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)


def test_both_are_listed_beside_ours(installed):
    run = genbench(installed, "list", "models", "--json")
    assert run.returncode == 0, run.stderr
    listed = {row["name"]: row for row in json.loads(run.stdout)}
    assert listed["conditional-gan"]["origin"] == listed["em-mixture"]["origin"] == PACKAGE
    assert listed["conditional-gan"]["options"] == {"latent": 8, "width": 64, "rate": 1e-3}
    assert listed["em-mixture"]["options"] == {"components": 16}
    assert "gan" in listed


SUITE = """
description = "Models and a task of another package beside ours"
seeds = 2
steps = 20
evaluations = 2

[[compare]]
tasks = ["digits-by-class"]
models = ["conditional-gan", "em-mixture", "gan"]
options.conditional-gan = { width = 16 }

[[compare]]
tasks = ["ring8"]
models = ["conditional-gan", "em-mixture"]
"""


def test_a_suite_with_them_runs_from_the_command_line(installed, tmp_path):
    suite, out = tmp_path / "strangers.toml", tmp_path / "runs"
    suite.write_text(SUITE)
    run = genbench(installed, "run", str(suite), "--out", str(out), "--jobs", "1")
    assert run.returncode == 0, run.stderr
    board = genbench(installed, "leaderboard", str(out), "--format", "json")
    rows = json.loads(board.stdout)
    scored = {(row["task"], row["model"]) for row in rows if row["status"] != "reference"}
    assert {model for task, model in scored if task == "digits-by-class"} == {
        "conditional-gan",
        "em-mixture",
        "gan",
    }
    assert {model for task, model in scored if task == "ring8"} == {"conditional-gan", "em-mixture"}


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "task"), CASES, ids=lambda value: getattr(value, "name", value))
def test_they_keep_the_contract(name, task, check):
    check(name, task)


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("check", TASK_CHECKS, ids=lambda check: check.__name__)
def test_the_task_keeps_the_contract(check):
    check(tasks["digits-by-class"].create())


@pytest.mark.parametrize("module", ["conditional_gan", "em_mixture"])
def test_a_model_takes_at_most_forty_lines(module):
    """The whole module, imports and docstrings included, without blank lines."""
    lines = (PLUGIN / PACKAGE / f"{module}.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 40
