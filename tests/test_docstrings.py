"""What takes or gives tensors says their shapes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "genbench"
ROOMS = ("ops", "kernels", "nn", "metrics", "models", "tasks")
ITEM = r"(?:…|\.\.\.|\d+|\*?[A-Za-z][\w.′]*(?: ?[+−·×/] ?\w+)*)"
SHAPE = re.compile(rf"(?<![\w.])(?:\({ITEM}(?:, {ITEM})+\)|\({ITEM},\)|\(\))|\b[Ss]calars?\b|\bany shape\b")
TENSOR = re.compile(r"\b(?:Tensor|Features|Batch)\b")

Function = tuple[str, ast.FunctionDef, ast.ClassDef | None]


def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for room in ROOMS for path in (PACKAGE / room).glob("*.py")}


def functions(path: Path, tree: ast.Module) -> Iterator[Function]:
    """Public functions and methods that have tensors in their signature."""
    owners = [None, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for owner in owners:
        for node in (tree if owner is None else owner).body:
            names = ([owner.name] if owner else []) + [getattr(node, "name", "_")]
            public = not any(name.startswith("_") for name in names)
            if isinstance(node, ast.FunctionDef) and public and TENSOR.search(signature(node)):
                yield f"{path.relative_to(PACKAGE)}:{'.'.join(names)}", node, owner


def signature(node: ast.FunctionDef) -> str:
    return f"{ast.unparse(node.args)} -> {ast.unparse(node.returns) if node.returns else ''}"


def documentation(node: ast.FunctionDef, owner: ast.ClassDef | None, classes: dict[str, ast.ClassDef]) -> str:
    """Its docstring and those of the methods that it overrides; of a module's `forward`, its class's too."""
    texts = [ast.get_docstring(node), ast.get_docstring(owner) if owner and node.name == "forward" else None]
    waiting = [] if owner is None else list(owner.bases)
    while waiting:
        base = classes.get(ast.unparse(waiting.pop()).rpartition(".")[2])
        if base is not None:
            waiting += base.bases
            own = [each for each in base.body if isinstance(each, ast.FunctionDef) and each.name == node.name]
            texts += map(ast.get_docstring, own)
    return "\n".join(text for text in texts if text)


TREES = trees()
CLASSES = {node.name: node for tree in TREES.values() for node in tree.body if isinstance(node, ast.ClassDef)}
FUNCTIONS = [function for path, tree in TREES.items() for function in functions(path, tree)]


@pytest.mark.parametrize(("name", "node", "owner"), FUNCTIONS, ids=[name for name, _, _ in FUNCTIONS])
def test_shapes_are_said(name: str, node: ast.FunctionDef, owner: ast.ClassDef | None) -> None:
    text = documentation(node, owner, CLASSES)
    assert SHAPE.search(text), f"{name} says no shape, such as (B, d), (n,) or a scalar: {text!r}"


@pytest.mark.parametrize(
    "text",
    ["(B, d) → (B, d)", "(n,)", "shape (n, …)", "a scalar", "(B, *shape)", "(V + H, 2)", "of any shape"],
)
def test_what_a_shape_is(text: str) -> None:
    assert SHAPE.search(text)


@pytest.mark.parametrize("text", ["f(x, y)", "(Hinton 2012, section 8.1)", "(see below)", "(a, and b)"])
def test_what_none_is(text: str) -> None:
    assert not SHAPE.search(text)
