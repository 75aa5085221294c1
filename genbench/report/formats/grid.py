"""What stands in which cell of a table that people read, before it is Markdown, LaTeX or a terminal's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from genbench.report.captions import captions
from genbench.report.columns import Column, columns
from genbench.report.references import REFERENCES, reference_scores
from genbench.report.texts import score_text, with_interval

_ARROWS = {"higher": "↑", "lower": "↓"}
Row = dict[Any, Any]


class Cell(NamedTuple):
    """A cell's text; the best of each metric is bold."""

    text: str
    best: bool = False


class Line(NamedTuple):
    """A row of cells; real data and the trivial sampler are set apart."""

    cells: list[Cell]
    reference: bool = False


class Grid(NamedTuple):
    """One task's leaderboard as text: a column a metric, a row a method, best first by the first metric.

    Attributes:
        lines: real data first, where known, and the trivial sampler last.
        notes: sentences to stand below the table.
    """

    task: str
    header: list[str]
    lines: list[Line]
    notes: list[str]


def grids(board: pd.DataFrame) -> Iterator[Grid]:
    """The grid of each task of a leaderboard."""
    for task, frame in board.groupby("task", sort=False):
        grid = _grid(str(task), frame.to_dict("records"))
        without_composite = [note for name, note in board.attrs.get("notes", {}).items() if name == task]
        yield grid._replace(notes=[*without_composite, *grid.notes])


def _grid(task: str, rows: Sequence[Row]) -> Grid:
    scored = [row for row in rows if isinstance(row["metric"], str)]
    better = {row["metric"]: row["better"] for row in scored}
    metrics = list(better)
    models: dict[str, dict[str, Row]] = {}
    for row in scored:  # sorted by metric, so that the first one's ranks order the models
        models.setdefault(row["model"], {})[row["metric"]] = row
    firsts = [ranking_row(own, metrics) for own in models.values()]
    shown = columns(firsts)
    lines = [_method(own, first, shown, metrics) for own, first in zip(models.values(), firsts, strict=True)]
    real, trivial = (_reference(scored, column, len(shown), metrics) for column in ("real", "trivial"))
    arrows = [f"{name} {_ARROWS[way]}" for name, way in better.items()]
    header = ["model", *(column.name for column in shown), *arrows]
    said = captions(metrics, firsts, scored) if scored else []
    unfinished = {row["model"]: _status(row) for row in rows if row["status"] != "done"}
    return Grid(task, header, [*real, *lines, *trivial], [*said, *unfinished.values()])


def ranking_row(own: Mapping[str, Row], metrics: Sequence[str]) -> Row:
    """A method's row of the first metric; without rank and group if it has no score there."""
    if metrics[0] in own:
        return own[metrics[0]]
    unranked = {"rank": None, "rank_low": None, "rank_high": None, "group": None, "needed": None}
    return {**next(iter(own.values())), **unranked}


def _method(own: Mapping[str, Row], first: Row, shown: Sequence[Column], metrics: Sequence[str]) -> Line:
    said = [Cell(column.text(first)) for column in shown]
    return Line([Cell(first["model"]), *said, *(_score(own.get(metric)) for metric in metrics)])


def _reference(rows: Sequence[Row], column: str, between: int, metrics: Sequence[str]) -> list[Line]:
    """The row of real data or the trivial sampler, if a score of it is known."""
    scores = reference_scores(rows, column)
    texts = [with_interval(scores[metric]) if metric in scores else "" for metric in metrics]
    cells = [Cell(text) for text in (REFERENCES[column], *[""] * between, *texts)]
    return [Line(cells, reference=True)] if scores else []


def _score(row: Row | None) -> Cell:
    if row is None:
        return Cell("")
    return Cell(score_text(row), best=not pd.isna(row["rank"]) and row["rank"] == 1)


def _status(row: Row) -> str:
    reason = f": {row['reason']}" if isinstance(row["reason"], str) else ""
    return f"{row['model']} {row['status']}{reason}"
