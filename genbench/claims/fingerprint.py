"""A hash of what decides a claim's evidence: budget, runs, and the code that measures."""

from __future__ import annotations

import ast
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

    Of the code, what counts is the measuring functions and whatever of their own file they use; changes
    elsewhere in the package do not show.
    """
    parts = [json.dumps(asdict(budget)), *(config.key for config in configs)]
    parts += [code for function in claim.evidence.functions for code in closure(function)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def closure(function: Callable[..., object]) -> list[str]:
    """Normalised source of a function and of all that it uses at the top level of its file."""
    module = ast.parse(inspect.getsource(sys.modules[function.__module__]))
    defined = {name: node for node in module.body for name in _names(node)}
    wanted, found = [function.__name__], dict[str, str]()
    while wanted:
        name = wanted.pop()
        if name in defined and name not in found:
            node = _without_docstrings(defined[name])
            found[name] = ast.dump(node)
            wanted += [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    return [found[name] for name in sorted(found)]


def _names(node: ast.stmt) -> list[str]:
    """What a statement at the top level defines; imports excepted."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [
        each.id for target in targets if target for each in ast.walk(target) if isinstance(each, ast.Name)
    ]


def _without_docstrings(node: ast.AST) -> ast.AST:
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(each) is not None:
            each.body = each.body[1:]
    return node
