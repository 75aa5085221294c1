"""A leaderboard as tables for the terminal, as Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd
from rich import box
from rich.markup import escape
from rich.table import Table

from genbench.report.compare import Comparison
from genbench.report.texts import failure_text, rank_text, score_text, with_interval

_ARROWS = {"higher": "↑", "lower": "↓"}


class _Cell(NamedTuple):
    text: str
    best: bool = False


class _Grid(NamedTuple):
    """One task's leaderboard as text: a column a metric, a row a method, best first by the first metric."""

    task: str
    header: list[str]
    rows: list[list[_Cell]]
    notes: list[str]


def tables(board: pd.DataFrame) -> list[Table]:
    """One table a task for the terminal; the best of each metric is bold."""
    return [_table(grid) for grid in _grids(board)]


def markdown(board: pd.DataFrame) -> str:
    """One table a task in GitHub's Markdown; the best of each metric is bold."""
    return "\n".join(_markdown(grid) for grid in _grids(board))


def latex(board: pd.DataFrame) -> str:
    r"""One ``tabular`` a task; the best of each metric is bold. Needs ``\usepackage{booktabs}``."""
    return "\n".join(_latex(grid) for grid in _grids(board))


def comparison_tables(found: Comparison) -> list[Table]:
    """A comparison for the terminal: scores, those that became worse first, then speed."""
    scores = Table(box=box.SIMPLE_HEAD)
    for heading in ("task", "model", "metric", "base", "new", "p", "outcome"):
        scores.add_column(heading, justify="right" if heading in ("base", "new", "p") else "left")
    order = {"worse": 0, "better": 1, "not comparable": 2, "same": 3}
    for row in sorted(found.scores, key=lambda row: order[row.outcome]):
        values = [with_interval(value, math.nan) for value in (row.base, row.new)]
        p = f"{row.p:.2g}" if math.isfinite(row.p) else ""
        said = f"{row.outcome}: {row.reason}" if row.reason else row.outcome
        cells = [row.task, row.model, row.metric, *values, p, said]
        scores.add_row(*map(escape, cells), style="bold" if row.outcome == "worse" else None)
    speeds = Table(box=box.SIMPLE_HEAD)
    for heading in ("task", "model", "samples/s, base", "new", "ratio"):
        speeds.add_column(heading, justify="left" if heading in ("task", "model") else "right")
    for speed in found.speeds:
        rates = [with_interval(rate, math.nan) for rate in (speed.base, speed.new)]
        speeds.add_row(escape(speed.task), escape(speed.model), *rates, f"{speed.ratio:.2f}")
    return [table for table in (scores, speeds) if table.row_count]


def as_csv(board: pd.DataFrame) -> str:
    """The rows of a leaderboard; what is not there is empty."""
    return board.to_csv(index=False)


def as_json(board: pd.DataFrame) -> str:
    """The rows of a leaderboard as a list of objects; what is not there or not finite is null."""
    known = board.astype(object).where(board.notna(), None)
    rows = [{key: _finite(value) for key, value in row.items()} for row in known.to_dict("records")]
    return json.dumps(rows, indent=1, allow_nan=False)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _grids(board: pd.DataFrame) -> Iterator[_Grid]:
    for task, frame in board.groupby("task", sort=False):
        rows: list[dict[Any, Any]] = frame.to_dict("records")
        scored = [row for row in rows if isinstance(row["metric"], str)]
        better = {row["metric"]: row["better"] for row in scored}
        header = ["model", "rank", "seeds", *(f"{name} {_ARROWS[way]}" for name, way in better.items())]
        models: dict[str, dict[str, dict[Any, Any]]] = {}
        for row in scored:  # sorted by metric, so that the first one's ranks order the models
            models.setdefault(row["model"], {})[row["metric"]] = row
        lines = [_line(own, list(better)) for own in models.values()]
        notes = {row["model"]: _note(row) for row in rows if row["status"] != "done"}
        yield _with_failures(_Grid(str(task), header, lines, list(notes.values())), list(models.values()))


def _line(own: dict[str, dict[Any, Any]], metrics: list[str]) -> list[_Cell]:
    row = next(iter(own.values()))
    seeds, failed = row["seeds"], row["failed"]
    trained = _Cell(f"{seeds - failed} of {seeds}" if failed else str(seeds))
    rank = _Cell(rank_text(own[metrics[0]]) if metrics[0] in own else "")
    return [_Cell(row["model"]), rank, trained, *(_score(own.get(metric)) for metric in metrics)]


def _with_failures(grid: _Grid, models: Sequence[dict[str, dict[Any, Any]]]) -> _Grid:
    """The grid with a column of failure rates, if any seed failed."""
    firsts = [next(iter(own.values())) for own in models]
    if not any(row["failure_rate"] > 0 for row in firsts):
        return grid
    rows = [
        [*line[:3], _Cell(failure_text(row)), *line[3:]] for line, row in zip(grid.rows, firsts, strict=True)
    ]
    return grid._replace(header=[*grid.header[:3], "failures", *grid.header[3:]], rows=rows)


def _score(row: dict[Any, Any] | None) -> _Cell:
    if row is None:
        return _Cell("")
    return _Cell(score_text(row), best=not pd.isna(row["rank"]) and row["rank"] == 1)


def _note(row: dict[Any, Any]) -> str:
    reason = f": {row['reason']}" if isinstance(row["reason"], str) else ""
    return f"{row['model']} {row['status']}{reason}"


def _table(grid: _Grid) -> Table:
    caption = "\n".join(map(escape, grid.notes)) or None
    table = Table(title=escape(grid.task), caption=caption, box=box.SIMPLE_HEAD, title_justify="left")
    table.caption_justify = "left"
    for index, name in enumerate(grid.header):
        table.add_column(escape(name), justify="left" if index == 0 else "right")
    for row in grid.rows:
        table.add_row(*(f"[bold]{escape(cell.text)}[/]" if cell.best else escape(cell.text) for cell in row))
    return table


def _markdown(grid: _Grid) -> str:
    rows = [[f"**{cell.text}**" if cell.best else cell.text for cell in row] for row in grid.rows]
    rule = ["---", *["---:"] * (len(grid.header) - 1)]
    notes = ["", *(f"- {note}" for note in grid.notes)] if grid.notes else []
    return "\n".join([f"### {grid.task}", "", *map(_pipes, [grid.header, rule, *rows]), *notes, ""])


def _pipes(texts: Sequence[str]) -> str:
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"


_TEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "↑": r"$\uparrow$",
        "↓": r"$\downarrow$",
        "±": r"$\pm$",
        "–": "--",
        "′": "$'$",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)


def _latex(grid: _Grid) -> str:
    cells = [[_tex(cell.text, cell.best) for cell in row] for row in grid.rows]
    lines = [" & ".join(row) + r" \\" for row in [list(map(_tex, grid.header)), *cells]]
    return "\n".join(
        [
            f"% {grid.task}",
            rf"\begin{{tabular}}{{l{'r' * (len(grid.header) - 1)}}}",
            *(r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"),
            r"\end{tabular}",
            *(f"% {note}" for note in grid.notes),
            "",
        ]
    )


def _tex(text: str, bold: bool = False) -> str:
    escaped = text.translate(_TEX)
    return rf"\textbf{{{escaped}}}" if bold else escaped
