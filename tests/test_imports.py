"""Imports point down the floors of the house, never up, and never in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "genbench"
FLOORS = (
    {"types"},
    {"registry", "environment", "sources"},
    {"ops", "kernels", "nn", "suite", "store", "citations", "watcher", "spaces"},
    {"models", "tasks", "metrics", "detectors"},
    {"engine", "monitor"},
    {"executors", "claims", "report", "testing"},
    {"cli", "__main__"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
NO_TORCH = {
    *("types", "registry", "environment", "sources"),
    *("suite", "store", "report", "citations", "watcher", "spaces"),
}
NOT_THE_ENGINE = {"metrics", "detectors"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module that a file imports anywhere, also inside functions and for type checkers."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("genbench.")} & FLOOR.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_floors(path):
    if path == PACKAGE / "__init__.py":
        assert rooms(path) == set()
        return
    own = room(path)
    assert own in FLOOR, f"{own} has no floor; give it one in docs/architecture.md and here"
    for other in rooms(path):
        assert FLOOR[other] <= FLOOR[own], f"{path} imports {other}, a floor above its own"
        assert not (own in NOT_THE_ENGINE and other == "engine")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_without_torch(path):
    if room(path) in NO_TORCH:
        assert not {name for name in imported(path) if name.split(".")[0] in ("torch", "torchvision")}


def test_rooms_form_no_circle():
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        graph.setdefault(room(path), set()).update(rooms(path) - {room(path)})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"rooms import each other in a circle: {error.args[1]}")


def test_the_rule_can_fail(tmp_path):
    upward = tmp_path / "upward.py"
    upward.write_text("def f():\n    from genbench.cli import app\n")
    assert rooms(upward) == {"cli"}
