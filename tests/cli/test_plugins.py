"""A real package of somebody else's adds a model, and its broken half harms nothing."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1] / "plugins" / "genbench-hinge"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> dict[str, str]:
    """Environment of a process that has the plugin pip-installed, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(PLUGIN)]
    subprocess.run(command, check=True)
    return {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}


def genbench(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genbench", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)


def test_it_is_listed_beside_ours_and_the_broken_one_is_named(installed):
    run = genbench(installed, "list", "models", "--json")
    assert run.returncode == 0, run.stderr
    listed = {row["name"]: row for row in json.loads(run.stdout)}
    assert listed["squared-hinge-gan"]["origin"] == "genbench_hinge"
    assert listed["squared-hinge-gan"]["options"] == {"latent": 2, "width": 64, "critic_steps": 1}
    assert "broken-gan" not in listed
    assert "gan" in listed
    assert "'broken-gan' of genbench-hinge is left out: ModuleNotFoundError" in run.stderr


def test_it_runs_from_the_command_line(installed, tmp_path):
    chosen = ["--models", "squared-hinge-gan", "--tasks", "ring8", "--seeds", "2", "--steps", "20"]
    run = genbench(installed, "run", "quick", *chosen, "--out", str(tmp_path))
    assert run.returncode == 0, run.stderr
    board = genbench(installed, "leaderboard", str(tmp_path), "--format", "json")
    rows = json.loads(board.stdout)
    methods = {row["model"] for row in rows if row["status"] != "reference"}
    assert methods == {"squared-hinge-gan"}
    assert {row["metric"] for row in rows} > {"modes@2500"}


def test_a_variant_takes_at_most_twenty_lines():
    """The plugin's code, without blank lines, imports and docstrings."""
    source = (PLUGIN / "genbench_hinge" / "__init__.py").read_text()
    tree = ast.parse(source)
    code = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    lines = sum(node.end_lineno - node.lineno + 1 + len(node.decorator_list) for node in code)
    assert lines <= 20


def test_its_claim_is_tested_like_ours(installed, tmp_path):
    run = genbench(installed, "claims", "H1", "--out", str(tmp_path), "--json")
    assert run.returncode == 0, run.stderr
    (row,) = json.loads(run.stdout)["claims"]
    assert (row["id"], row["verdict"], row["seeds"]) == ("H1", "supported", 16)
