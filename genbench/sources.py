"""Which source code a function reaches, and a digest of it, read from files: nothing is imported.

A definition reaches the top-level definitions that it names, in its own module and in those that it imports
from, within genbench and its own package. Where a name cannot be followed, such as a module that is handed on
as a whole, all of the module is reached. Methods come with their class, statements that define nothing with
any definition of their module.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

Name = tuple[str, str]
"""A module and a definition in it; `ALL` stands for the whole module, `LOOSE` for what defines nothing."""

ALL, LOOSE = "*", ""
Code = Mapping[str, Sequence[str]]
"""Module → definitions in it, both sorted."""

REGISTER = "register"
"""A decorator of this name says how a definition is found, not what it does."""


def reached(roots: Iterable[Name]) -> Code:
    """All definitions that the roots reach, themselves included."""
    waiting, found = list(roots), set[Name]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _followed(name)
    modules = sorted({module for module, _ in found})
    return {module: sorted(name for own, name in found if own == module) for module in modules}


def digest(code: Code) -> str:
    """Sixteen hexadecimal digits of the definitions as they are now, docstrings and comments apart.

    Where each of them leads is part of it, so a name that is imported from elsewhere shows too.
    """
    lines = [f"{module} {name} {_text((module, name))}" for module, own in code.items() for name in own]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def forget() -> None:
    """Read files again from now on, where they changed while this process runs."""
    for known in (_followed, _text, _parsed, _file):
        known.cache_clear()


@dataclass(frozen=True)
class _Module:
    """A file: definitions by name, statements that define nothing, and where imported names come from."""

    definitions: Mapping[str, Sequence[ast.stmt]]
    loose: Sequence[ast.stmt]
    imports: Mapping[str, Name]


@functools.cache
def _followed(name: Name) -> tuple[Name, ...]:
    """What a definition names directly."""
    module, own = name
    parsed = _parsed(module)
    if parsed is None:
        return ()
    if own == ALL:
        return (*((module, each) for each in parsed.definitions), *parsed.imports.values(), (module, LOOSE))
    if own in parsed.definitions or own == LOOSE:
        used = {each for statement in _statements(name) for each in _used(statement, module, parsed)}
        return (*sorted(used), (module, LOOSE))
    if parsed.imports.get(own, name) != name:
        return (parsed.imports[own],)
    return ((f"{module}.{own}", ALL) if _file(f"{module}.{own}") else (module, ALL),)


@functools.cache
def _text(name: Name) -> str:
    """Normalised source of a definition, and what it leads to."""
    return "\n".join([*map(ast.unparse, _statements(name)), *map(str, _followed(name))])


def _statements(name: Name) -> Sequence[ast.stmt]:
    parsed = _parsed(name[0])
    if parsed is None:
        return ()
    return parsed.loose if name[1] == LOOSE else parsed.definitions.get(name[1], ())


def _used(statement: ast.stmt, module: str, parsed: _Module) -> Iterator[Name]:
    """Definitions that a statement names, its own imports included."""
    own = {name: (module, name) for name in parsed.definitions}
    known = {**own, **parsed.imports, **_imported([statement], module)}
    through = set[ast.AST]()
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = _as_module(known.get(node.value.id))
            if owner is not None:
                through.add(node.value)
                yield owner, node.attr
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in known and node not in through:
            owner = _as_module(known[node.id])
            yield known[node.id] if owner is None else (owner, ALL)


def _as_module(name: Name | None) -> str | None:
    """The module that an imported name is, if it is one and not a definition of the same name."""
    if name is None:
        return None
    module, own = name
    parsed = _parsed(module)
    if own == ALL or parsed is None:
        return module if own == ALL else None
    taken = own in parsed.definitions or parsed.imports.get(own, name) != name
    return None if taken or not _file(f"{module}.{own}") else f"{module}.{own}"


@functools.cache
def _parsed(module: str) -> _Module | None:
    """A module's file; None where there is none."""
    file = _file(module)
    if file is None:
        return None
    tree = _bare(ast.parse(file.read_bytes()))
    definitions, loose = dict[str, list[ast.stmt]](), list[ast.stmt]()
    for statement in tree.body:
        names = _defined(statement)
        for name in names:
            definitions.setdefault(name, []).append(statement)
        if not names and not isinstance(statement, ast.Import | ast.ImportFrom):
            loose.append(statement)
    return _Module(definitions, loose, _imported(tree.body, module))


@functools.cache
def _file(module: str) -> Path | None:
    """Where a module's source lies; its package need not be imported."""
    package, *inner = module.split(".")
    known = sys.modules.get(package)
    spec = known.__spec__ if known else find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return Path(spec.origin) if spec and spec.origin and not inner else None
    for root in spec.submodule_search_locations:
        place = Path(root, *inner)
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def _defined(statement: ast.stmt) -> list[str]:
    """Names that a statement defines; imports excepted."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    stored = [each for each in ast.walk(statement) if isinstance(each, ast.Name)]
    inner = [each.name for each in ast.walk(statement) if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    return [*inner, *(each.id for each in stored if isinstance(each.ctx, ast.Store))]


def _imported(statements: Iterable[ast.stmt], importer: str) -> dict[str, Name]:
    """What imported names stand for, of genbench and of the importer's own package."""
    packages, found = {"genbench", importer.partition(".")[0]}, dict[str, Name]()
    for node in (each for statement in statements for each in ast.walk(statement)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {each.asname or each.name: (node.module, each.name) for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {each.asname or each.name.partition(".")[0]: (each.name, ALL) for each in node.names}
    return {name: origin for name, origin in found.items() if origin[0].partition(".")[0] in packages}


def _bare(tree: ast.Module) -> ast.Module:
    """A module without docstrings and without the decorators that register."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            node.body = [each for each in node.body if not _is_text(each)] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.decorator_list = [each for each in node.decorator_list if not _registers(each)]
    return tree


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _registers(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr == REGISTER
    )
