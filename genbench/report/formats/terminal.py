"""A leaderboard for the terminal, whose headings are never cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pandas as pd
from rich import box
from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from genbench.report.formats.grid import Grid, Line, grids

_GAP = 2
"""Columns of a terminal between two columns of a table, and around it."""


def tables(board: pd.DataFrame, width: int | None = None) -> list[Table | Text]:
    """Each task's table and notes; several tables where one would be wider than the terminal.

    The best of each metric is bold, real data and the trivial sampler are dim. Where room is short, a heading
    folds at its underscores and before its protocol, and a method's name before its settings; then metrics
    go to further tables, which repeat the names.

    Args:
        width: of the terminal, in characters; None for a file or a pipe, where nothing is too wide.
    """
    found: list[Table | Text] = []
    for grid in grids(board):
        found += _parts(grid, width)
        found += [Text("\n".join([*grid.notes, ""]))] if grid.notes else []
    return found


def _parts(grid: Grid, width: int | None) -> list[Table]:
    names = [line.cells[0].text for line in grid.lines]
    bodies = [[line.cells[index].text for line in grid.lines] for index in range(1, len(grid.header))]
    headings = grid.header[1:]
    if width is not None and _wide(names, headings, bodies) > width:
        names = _narrowed(names, max(width // 2 - _GAP, 1))
        headings = [_heading(name, body) for name, body in zip(headings, bodies, strict=True)]
    widths = [_widest([head, *body]) + _GAP for head, body in zip(headings, bodies, strict=True)]
    room = None if width is None else width - _widest(["model", *names]) - 2 * _GAP
    parts = list(_fitting(widths, room)) or [range(0)]
    return [_table(grid, names, headings, part, continued=part is not parts[0]) for part in parts]


def _wide(names: Sequence[str], headings: Sequence[str], bodies: Sequence[Sequence[str]]) -> int:
    """How wide one table of everything would be."""
    columns = [["model", *names], *([head, *body] for head, body in zip(headings, bodies, strict=True))]
    return sum(_widest(column) + _GAP for column in columns) + _GAP


def _table(grid: Grid, names: Sequence[str], headings: Sequence[str], part: range, continued: bool) -> Table:
    title = f"{escape(grid.task)}{', continued' if continued else ''}"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("model", overflow="fold")
    for index in part:
        table.add_column(escape(headings[index]), justify="right", overflow="fold")
    for place, (name, line) in enumerate(zip(names, grid.lines, strict=True)):
        apart = any(other.reference != line.reference for other in grid.lines[place + 1 : place + 2])
        cells = [escape(name), *(_cell(line, index + 1) for index in part)]
        table.add_row(*cells, style="dim italic" if line.reference else None, end_section=apart)
    return table


def _cell(line: Line, index: int) -> str:
    cell = line.cells[index]
    return f"[bold]{escape(cell.text)}[/]" if cell.best else escape(cell.text)


def _fitting(widths: Sequence[int], room: int | None) -> Iterator[range]:
    """Runs of columns that fit into the room beside the names; a column that is too wide stands alone."""
    start, used = 0, 0
    for index, width in enumerate(widths):
        if room is not None and used + width > room and index > start:
            yield range(start, index)
            start, used = index, 0
        used += width
    if widths:
        yield range(start, len(widths))


def _narrowed(names: Sequence[str], width: int) -> list[str]:
    """Names of methods, folded before their settings and between them where they are wider."""
    if _widest(names) <= width:
        return list(names)
    return [_folded(re.split(r"(?=\[)|(?<=,)", name), width) for name in names]


def _heading(name: str, body: Sequence[str]) -> str:
    """A heading in as many lines as make it no wider than what stands below it, or than its longest word."""
    words = re.split(r"(?<=_)|(?=@)", name)
    return _folded(words, max(*map(cell_len, words), _widest(body)))


def _folded(words: Sequence[str], width: int) -> str:
    """Words side by side in lines of a width; one that is longer has a line of its own."""
    lines = [""]
    for word in words:
        if lines[-1] and cell_len(lines[-1] + word) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(lines)


def _widest(texts: Sequence[str]) -> int:
    return max((cell_len(line) for text in texts for line in text.split("\n")), default=0)
