"""Commands that say what there is."""

from __future__ import annotations

import enum
import inspect
import json
from typing import Annotated, Any

import typer

from genbench import registry
from genbench.registry import Registry
from genbench.types import InputError

REGISTRIES: dict[str, Registry[Any]] = {
    kind.kind: kind
    for kind in (registry.models, registry.tasks, registry.metrics, registry.detectors, registry.claims)
}


class Kind(enum.StrEnum):
    """What can be listed."""

    models = "models"
    tasks = "tasks"
    metrics = "metrics"
    detectors = "detectors"
    claims = "claims"
    suites = "suites"


def list_names(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, with options.")] = False,
) -> None:
    """List what is registered, or the suites that can be run by name."""
    rows = _suites() if kind is Kind.suites else _entries(REGISTRIES[kind.value.removesuffix("s")])
    if as_json:
        print(json.dumps(rows, indent=1, default=str))
    elif not rows:
        print(f"no {kind.value} are registered")
    else:
        _table(rows)


def cite(name: Annotated[str, typer.Argument(help="A model, task, metric, detector or claim.")]) -> None:
    """Print BibTeX for the paper that something comes from."""
    from genbench.citations import bibtex

    found = [entries[name] for entries in REGISTRIES.values() if name in entries]
    if not found:
        known = [name for entries in REGISTRIES.values() for name in entries]
        raise InputError(f"nothing is called {name!r}{registry.nearest(name, known)}")
    cited = [entry.cite for entry in found if entry.cite]
    if not cited:
        raise InputError(f"{name} has no paper to cite; it says of itself: {found[0].summary}")
    print("\n".join(bibtex(key) for key in dict.fromkeys(cited)))


def _entries(entries: Registry[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "summary": entry.summary,
            "options": {k: None if v is inspect.Parameter.empty else v for k, v in entry.options.items()},
            **({"tuned": entry.tuned} if entry.tuned else {}),
            **({"kind": entry.kind} if entry.kind else {}),
            "origin": entry.origin or "genbench",
        }
        for name, entry in entries.items()
    ]


def _suites() -> list[dict[str, Any]]:
    from genbench.suite import available_suites

    return [
        {"name": suite.name, "summary": suite.description, "path": str(suite.path)}
        for suite in available_suites()
    ]


def _table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_header=False, padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for row in rows:
        origin = "" if row.get("origin", "genbench") == "genbench" else f" ({row['origin']})"
        table.add_row(Text(row["name"]), Text(row["summary"] + origin))
    Console().print(table)
