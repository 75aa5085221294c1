"""A leaderboard in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from genbench.report.formats.grid import Grid, Line, grids


def markdown(board: pd.DataFrame) -> str:
    """One table a task; the best of each metric is bold, real data and the trivial sampler are in italics."""
    return "\n".join(_section(grid) for grid in grids(board))


def _section(grid: Grid) -> str:
    rows = [_cells(line) for line in grid.lines]
    rule = ["---", *["---:"] * (len(grid.header) - 1)]
    notes = ["", *(f"- {note}" for note in grid.notes)] if grid.notes else []
    return "\n".join([f"### {grid.task}", "", *map(_pipes, [grid.header, rule, *rows]), *notes, ""])


def _cells(line: Line) -> list[str]:
    mark = "*" if line.reference else ""
    marks = ["**" if cell.best else mark if cell.text else "" for cell in line.cells]
    return [f"{mark}{cell.text}{mark}" for mark, cell in zip(marks, line.cells, strict=True)]


def _pipes(texts: Sequence[str]) -> str:
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"
