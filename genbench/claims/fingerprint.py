"""A hash of what decides a claim's evidence: budget, runs, and the code that measures."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from genbench.claims.claim import Budget, Claim
from genbench.suite import RunConfig


def fingerprint(claim: Claim, budget: Budget, configs: Sequence[RunConfig]) -> str:
    """Sixteen hexadecimal digits; texts, judge and figure do not enter, so they may be improved later.

    Of the code, what counts is the measuring functions and whatever they use of their own file and of the
    modules beside it; changes elsewhere in the package do not show.
    """
    parts = [json.dumps(asdict(budget)), *(config.key for config in configs)]
    parts += [code for function in claim.evidence.functions for code in closure(function)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def closure(function: Callable[..., object]) -> list[str]:
    """Normalised source of a function and of all top-level definitions it uses, its own package's only."""
    package = function.__module__.rpartition(".")[0]
    wanted, found = [(function.__module__, function.__name__)], dict[tuple[str, str], str]()
    while wanted:
        module, name = wanted.pop()
        defined, imported = _names(module)
        if name in imported and imported[name][0].startswith(f"{package}."):
            wanted.append(imported[name])
        elif name in defined and (module, name) not in found:
            node = defined[name]
            found[module, name] = ast.dump(node)
            wanted += [(module, each.id) for each in ast.walk(node) if isinstance(each, ast.Name)]
            wanted += _attributes(node, imported)
    return [found[key] for key in sorted(found)]


def _attributes(node: ast.AST, imported: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """What is used as ``module.name`` of an imported module."""
    used = [
        each
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name)
    ]
    owners = [(imported.get(each.value.id), each.attr) for each in used if isinstance(each.value, ast.Name)]
    return [(".".join(owner), name) for owner, name in owners if owner and ".".join(owner) in sys.modules]


@functools.cache
def _names(module: str) -> tuple[dict[str, ast.stmt], dict[str, tuple[str, str]]]:
    """Top-level definitions of a module, without docstrings, and where imported names come from."""
    if module not in sys.modules or not module.count("."):
        return {}, {}
    defined, imported = dict[str, ast.stmt](), dict[str, tuple[str, str]]()
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {each.asname or each.name: (node.module, each.name) for each in node.names}
        for name in _defined(_without_docstrings(node)):
            defined[name] = node
    return defined, imported


def _defined(node: ast.AST) -> list[str]:
    """What a statement defines; imports excepted."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    walked = [each for target in targets if target for each in ast.walk(target)]
    return [each.id for each in walked if isinstance(each, ast.Name)]


def _without_docstrings(node: ast.AST) -> ast.AST:
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(each) is not None:
            each.body = each.body[1:]
    return node
