"""Scores of samples that somebody else's model made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genbench.cli.setup import DataDir
from genbench.types import Estimate, InputError, Record, Score

if TYPE_CHECKING:
    from genbench.store import Place

EXTERNAL = "external"
"""The suite that evaluated samples stand in when they join a leaderboard."""


def evaluate(
    samples: Annotated[
        Path, typer.Argument(help="A folder of images, or an .npz, .npy or .pt file of tensors.")
    ],
    task: Annotated[str, typer.Option(help="The task that the samples imitate.")],
    metrics: Annotated[
        str | None, typer.Option(help="Metrics, separated by commas.", show_default="the task's own")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Compare with these data, not with the task's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    name: Annotated[str | None, typer.Option("--as", help="Join a leaderboard under this name.")] = None,
    out: Annotated[str, typer.Option(help="Results that --as adds to; a folder or a URL.")] = "results",
    data_dir: DataDir = None,
) -> None:
    """Score samples of any origin against a task, with intervals and what real data score."""
    from genbench.metrics import read_samples, score, with_reference
    from genbench.registry import tasks
    from genbench.store import folder_place
    from genbench.tasks import Task

    root = folder_place(out)
    entry = tasks[task]
    known: Task = entry.create(**({"data_dir": data_dir} if "data_dir" in entry.options else {}))
    drawn = read_samples(samples, known)
    if reference is not None:
        known = with_reference(known, read_samples(reference, known))
    names = [part.strip() for part in metrics.split(",")] if metrics else ()
    rows = score(drawn, known, names)
    if name is not None:
        folder = _join(rows, known.checksum(), task, name, root, samples)
        typer.echo(f"{name} joins the leaderboard of {task}: {folder}", err=True)
    if as_json:
        print(json.dumps({"scores": rows}, indent=1))
    else:
        _print(rows)


def _join(
    rows: Sequence[dict[str, Any]], checksum: str, task: str, name: str, out: Place, samples: Path
) -> Place:
    """Write the scores as a run of one seed, which leaderboards then show beside the others."""
    from genbench.metrics.metric import named
    from genbench.store import RunFolder

    found = [row for row in rows if row["value"] is not None]
    if not found:
        raise InputError(f"no metric could score {samples}: {'; '.join(rows[0]['flags'])}")
    key = hashlib.sha256(f"{task}/{name}".encode()).hexdigest()[:8]
    folder = RunFolder.under(out, EXTERNAL, task, name, key)
    scores = [
        Score(0, 0, r["metric"], Estimate(r["value"], r["n"], r["ci_low"], r["ci_high"], tuple(r["flags"])))
        for r in found
    ]
    metrics = [named(row["metric"]) for row in found]
    better, scales = ({m.name: getattr(m, part) for m in metrics} for part in ("better", "scale"))
    folder.write_scores(scores, better, scales)
    config = {"samples": str(samples), "task_options": {}, "options": {}}
    record = Record(EXTERNAL, task, name, config, "done", (0,), data={"checksum": checksum})
    folder.write_record(record)
    return folder.path


def _print(rows: Sequence[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("metric", "value", "95 % interval", "real", "n", "note"):
        table.add_column(heading, justify="left" if heading in ("metric", "note") else "right")
    for row in rows:
        interval = "" if row["ci_low"] is None else f"{row['ci_low']:.4g} – {row['ci_high']:.4g}"
        cells = [row["metric"], _number(row["value"]), interval, _number(row["real"]), str(row["n"])]
        table.add_row(*map(Text, [*cells, "; ".join(row["flags"])]))
    Console().print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
