"""How runs and leaderboards look on the terminal."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from genbench.types import Record

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

UNLIMITED = 10_000
"""Characters of a line in a file or a pipe, which have no width: nothing is folded or cut there."""


def print_tables(frame: pd.DataFrame) -> None:
    """Print a leaderboard, as wide as the terminal, or as it likes where there is none."""
    from genbench.report.formats import tables

    console = output()
    for table in tables(frame, console.width if sys.stdout.isatty() else None):
        console.print(table)


def output() -> Console:
    """The standard output: a terminal with its width, or something else without any."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=UNLIMITED)


def settings(run: Mapping[str, Any]) -> dict[str, Any]:
    """What a run is named by, from its record: its task and model with their options, data and budget."""
    own = {"task": run["task"], "model": run["model"], "data": run["data"].get("checksum")}
    return {"task_options": {}, "options": {}, **run["config"], **own}


def print_run(shown: Mapping[str, Any], task: str, model: str) -> None:
    """Print how a run ended, and the last scores of each seed.

    Args:
        shown: its record with its `path` and `scores`.
        task, model: names that tell it from other runs.
    """
    from rich.markup import escape

    from genbench.cli.progress import outcome

    console = output()
    fields = {field.name for field in dataclasses.fields(Record)}
    record = Record(**{name: value for name, value in shown.items() if name in fields})
    console.print(f"[bold]{escape(model)}[/] on [bold]{escape(task)}[/]: {escape(outcome(record))}")
    console.print(escape(shown["path"]), style="dim", highlight=False)
    console.print(f"options {escape(json.dumps(record.config.get('options', {})))}", highlight=False)
    for note in [*(f"seed {seed}: {why}" for seed, why in record.failures.items()), *record.notes]:
        console.print(f"note: {escape(note)}", highlight=False)
    if shown["scores"]:
        console.print(_scores(record, shown["scores"]))


def _scores(record: Record, scores: list[dict[str, Any]]) -> Table:
    """A table with a row a seed and a column a metric."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    metrics = list(dict.fromkeys(row["metric"] for row in scores))
    for heading in ["seed", *metrics]:
        table.add_column(heading, justify="right", overflow="fold")
    for seed in record.seeds:
        own = {row["metric"]: row["value"] for row in scores if row["seed"] == seed}
        table.add_row(str(seed), *(f"{own[m]:.4g}" if own.get(m) is not None else "–" for m in metrics))
    return table
