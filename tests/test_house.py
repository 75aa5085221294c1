"""The package stays made of small parts."""

import ast
import statistics
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "genbench"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FUNCTION, MEDIAN_FUNCTION, LONGEST_FILE = 60, 8, 300


def functions() -> dict[str, int]:
    """Lines of every function, signature and docstring included."""
    return {
        f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }


def test_functions_are_short():
    lines = functions()
    assert statistics.median(lines.values()) <= MEDIAN_FUNCTION
    assert {name: n for name, n in lines.items() if n > LONGEST_FUNCTION} == {}


def test_files_are_short():
    lines = {path.relative_to(PACKAGE): len(path.read_text().splitlines()) for path in MODULES}
    assert {str(path): n for path, n in lines.items() if n > LONGEST_FILE} == {}
