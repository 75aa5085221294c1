"""Logs as CSV: any usual separator, decimal commas, headers that come again, lines that were cut."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain, count, islice
from pathlib import Path

import pandas as pd

from genbench.detectors.logs.files import text
from genbench.detectors.logs.numbers import decimal_comma, numeric
from genbench.detectors.logs.table import Table, check_columns, counted
from genbench.types import InputError

SEPARATORS = ",;\t|"
_SAMPLE = 20_000
"""Characters of the header that say the separator, and cells that say the decimal mark."""
Row = list[str]


def read_separated(path: Path) -> Table:
    """The table of a CSV, whose header may come again with other columns.

    Raises:
        InputError: it has no header, or is no text.
    """
    content = text(path).replace("\r\n", "\n").replace("\r", "\n")
    named = re.match(r"\s*sep=(.)\n", content)  # as spreadsheets write it
    content = _without_comments(content[named.end() :] if named else content)
    separator = named[1] if named else _separator(content.partition("\n")[0][:_SAMPLE])
    rows = csv.reader(io.StringIO(content), delimiter=separator, skipinitialspace=True)
    try:
        check_columns(len(next(csv.reader(io.StringIO(content), delimiter=separator), [])), path)
        frames, notes = _parts(rows, whole=content.endswith("\n"))
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as .csv: {error}") from None
    if not frames:
        raise InputError(f"{path} cannot be read as .csv: it is empty")
    if numeric(pd.Series(list(frames[0].columns), dtype=object)).written.all():
        raise InputError(f"{path} has no header: its first line holds numbers and must name the columns")
    cells = pd.concat(frames, ignore_index=True)
    if cells.columns[0] == "Unnamed: 0" and len(cells.columns) > 1:
        cells = cells.drop(columns="Unnamed: 0")
        notes.append("the first column has no name and is left out: it counts the rows")
    sample = islice(chain.from_iterable(cells.itertuples(index=False)), _SAMPLE)
    return Table(cells, notes, decimal_comma(sample, otherwise=separator == ";"))


def _without_comments(content: str) -> str:
    """Lines that begin with # and stand before the header left out; a # before the header itself as well."""
    lead = re.match(r"(?:[ \t]*(?:#[^\n]*)?\n)*", content)
    start = lead.end() if lead else 0
    first = content[start:].partition("\n")[0]
    above = content[:start].rstrip().rpartition("\n")[2].strip()
    if above and re.match(r"[\s\"']*[+-]?[\d.]", first):  # numbers follow, so the comment is the header
        start = content.rindex("#", 0, start)
    return content[start:].lstrip("# \t") if content.startswith("#", start) else content[start:]


def _separator(header: str) -> str:
    """The separator that makes the most columns of a header; blanks if no other makes any."""
    made = {mark: len(next(csv.reader([header], delimiter=mark), [])) for mark in SEPARATORS}
    best = max(made, key=lambda mark: made[mark])
    return best if made[best] > 1 or " " not in header.strip() else " "


def _parts(rows: Iterator[Row], whole: bool) -> tuple[list[pd.DataFrame], list[str]]:
    """A frame for every header with its rows, and what was left out."""
    header: Row = []
    parts: list[tuple[Row, list[Row]]] = []
    found = {"long": 0, "short": 0}
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not parts or _is_header(cells, header):
            header = cells
            parts.append((_names(cells), []))
            continue
        found["long"] += any(cells[len(header) :])
        found["short"] += len(cells) < len(header)
        if not any(cells[len(header) :]):
            parts[-1][1].append(cells[: len(header)])
    cut = bool(parts) and not whole and bool(parts[-1][1]) and len(parts[-1][1][-1]) < len(header)
    if cut:
        parts[-1][1].pop()
    return [_frame(names, rows) for names, rows in parts], _notes(
        len(parts) - 1, found["long"], found["short"] - cut, cut
    )


def _frame(names: Row, rows: list[Row]) -> pd.DataFrame:
    padded = [[*row, *[None] * (len(names) - len(row))] for row in rows]
    return pd.DataFrame(padded, columns=names, dtype=object)


def _is_header(row: Row, header: Row) -> bool:
    """Whether a row is the header again, or that of another part, which shares two columns with it."""
    if row == header:
        return True
    shared = len(set(filter(None, row)) & set(header))
    return shared > 1 and not numeric(pd.Series(row, dtype=object)).written.any()


def _names(header: Row) -> list[str]:
    """Names that differ: a second ``loss`` is ``loss.1``, one without a name is told by its place."""
    names: dict[str, None] = {}
    for place, name in enumerate(header):
        own = name or f"Unnamed: {place}"
        free = (f"{own}.{again}" for again in count(1))
        names[own if own not in names else next(each for each in free if each not in names)] = None
    return list(names)


def _notes(headers: int, long: int, short: int, cut: bool) -> list[str]:
    notes = []
    if headers:
        notes.append(
            f"the header stands {counted(headers + 1, 'time')}: what follows it again is read as well"
        )
    if long:
        notes.append(f"{counted(long, 'line')} with more cells than the header left out")
    if short:
        notes.append(f"{counted(short, 'line')} with fewer cells than the header: the others are gaps")
    if cut:
        notes.append("the last line is cut off and left out")
    return notes
