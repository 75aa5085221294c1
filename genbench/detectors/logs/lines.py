"""Logs as printed: lines such as ``(epoch: 1, iters: 100) G_GAN: 1.2`` or ``[Epoch 3/200] [D loss: 0.7]``."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from genbench.detectors.logs.files import text
from genbench.detectors.logs.names import is_loss, is_step, is_time
from genbench.detectors.logs.separated import read_separated
from genbench.detectors.logs.table import Table, check_columns, counted
from genbench.types import InputError

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d[\d_]*\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|nan|inf(?:inity)?)(?![\w.]*\w)",
    re.IGNORECASE,
)
_OF = re.compile(r"\s*/\s*\d+(?![\w.])")
_STARTING = re.compile(r"^\s*\[(\d+)/\d+\]\s*\[(\d+)/\d+\]")
_LINE = 4_000
"""Characters of a line that are read."""
_AROUND = " \t:=,;|[]{}<>-–>'\"*/~"


def read_printed(path: Path) -> Table:
    """The table of a text, as `read_lines` or with the names in its first line, as `read_separated` reads it.

    Raises:
        InputError: it is neither.
    """
    try:
        return read_lines(path)
    except InputError as error:
        with contextlib.suppress(InputError):
            table = read_separated(path)
            if any(map(is_step, table.cells.columns)) and len(table.cells.columns) > 1:
                return table
        raise error from None


def read_lines(path: Path) -> Table:
    """The table of lines that hold a step and values by name; every other line is left out.

    Raises:
        InputError: no line does.
    """
    lines = text(path).splitlines()
    rows, used = _rows(lines)
    if not rows:
        raise InputError(
            f"{path} has no line with a step and a value by name, such as (epoch: 1, iters: 9) loss_G: 0.7; "
            "expected a run folder, .csv, .parquet, .jsonl, .json, printed lines or TensorBoard event files"
        )
    names = dict.fromkeys(name for row in rows for name in row)
    check_columns(len(names), path)
    others = sum(bool(line.strip()) for line in lines) - used
    notes = [f"{counted(others, 'line')} without a step and values left out"] if others else []
    columns = {_column(name, names): [row.get(name) for row in rows] for name in names}
    return Table(
        pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()}), notes
    )


def _rows(lines: Sequence[str]) -> tuple[list[dict[str, str]], int]:
    """Rows with a step and values, the step maybe on a line before them, and how many lines made them."""
    rows: list[dict[str, str]] = []
    used, waiting = 0, dict[str, str]()
    for line in lines:
        row = _row(line[:_LINE])
        steps = {name: value for name, value in row.items() if is_step(name)}
        valued = any(not (is_step(name) or is_time(name)) for name in row)
        if valued and (steps or waiting):
            rows.append(row if steps else {**waiting, **row})
            used += 1 if steps else 2
        if steps or valued:
            waiting = {} if valued else steps
    return rows, used


def _row(line: str) -> dict[str, str]:
    """Name → text of the number that follows it in a line."""
    row: dict[str, str] = {}
    start = _STARTING.match(line)
    place = 0
    if start:
        row, place = {"epoch": start[1], "iter": start[2]}, start.end()
    for number in _NUMBER.finditer(line, place):
        if number.start() < place:
            continue
        name = _name(line[place : number.start()])
        if name and not name.endswith(".py"):
            row.setdefault(name, number[0])
        total = _OF.match(line, number.end())
        place = total.end() if total and (not name or is_step(name)) else number.end()
    return row


def _name(between: str) -> str:
    """The name before a number: what is left without the marks around it; its end, if a step stands there."""
    name = re.split(r"[,;|\[\]{}<]", between.strip(_AROUND))[-1].strip(_AROUND)
    if not any(map(str.isalpha, name)):
        return ""
    if name.count("(") != name.count(")"):
        name = re.split(r"\)\s", name)[-1].lstrip(" (").strip(_AROUND)
    last = re.split(r"[\s\])(]+", name)[-1]
    return last if is_step(last) else name[-80:]


def _column(name: str, names: dict[str, None]) -> str:
    """What the codes that print ``G_GAN`` beside ``iters`` call it themselves; other names as they are."""
    if "iters" in names and "time" in names and not (is_step(name) or is_time(name) or is_loss(name)):
        return "seconds" if name == "data" else f"loss_{name}"  # it is the time of loading
    return name
