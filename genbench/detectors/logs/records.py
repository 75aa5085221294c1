"""Logs as JSON: lines, lists of records, columns of lists, and what a killed run leaves of any of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from genbench.detectors.logs.files import text
from genbench.detectors.logs.names import is_step
from genbench.detectors.logs.table import Table, check_columns, counted
from genbench.types import InputError

_DEPTH = 6
_PATIENCE = 20
"""Times the length of a damaged file that is read in search of records."""
_BETWEEN = re.compile(r"[\s,\[]*")
Record = dict[str, Any]


def read_json(path: Path) -> Table:
    """The table of a JSON file or of JSON lines, nested names joined by slashes.

    Raises:
        InputError: there are no records in it.
    """
    content = text(path)
    try:
        whole = _decoder().decode(content.strip())
        rows, notes = _rows(whole), []
    except (ValueError, RecursionError):
        found, broken, cut = _pieces(content)
        rows, notes = [row for piece in found for row in _rows(piece)], _said(broken, cut)
    if not rows:
        raise InputError(f"{path} cannot be read as {path.suffix}: it holds no records of names and numbers")
    names = dict.fromkeys(name for row in rows for name in row)
    check_columns(len(names), path)
    columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}
    return Table(pd.DataFrame(columns), notes)


def _decoder() -> json.JSONDecoder:
    """Words for what is not finite stay words, and integers without end become infinite."""
    return json.JSONDecoder(
        parse_constant=str, parse_int=lambda digits: int(digits) if len(digits) < 19 else float(digits)
    )


def _pieces(content: str) -> tuple[list[Any], int, bool]:
    """Every whole record in text that is not whole; lines passed over, and whether the last one was cut."""
    decoder, place, patience = _decoder(), 0, _PATIENCE * len(content)
    found: list[Any] = []
    broken, cut = 0, False
    while (place := _BETWEEN.match(content, place).end()) < len(content) and patience > 0:  # type: ignore[union-attr]
        try:
            piece, place = decoder.raw_decode(content, place)
            found.append(piece)
            continue
        except json.JSONDecodeError as error:
            patience -= error.pos - place + 1
        except RecursionError:
            patience = 0
        end = content.find("\n", place)
        broken, cut = broken + 1, end < 0 or not content[end:].strip()
        place = len(content) if end < 0 else end
    return [piece for piece in found if isinstance(piece, Mapping)], broken, cut


def _said(broken: int, cut: bool) -> list[str]:
    if cut and broken == 1:
        return ["the last line is cut off and left out"]
    return [f"{counted(broken, 'line')} without a whole record left out"] if broken else []


def _rows(value: Any) -> list[Record]:
    """The records that a JSON value holds, whichever way round it has them."""
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    triples = [each for each in value if isinstance(each, list) and len(each) == 3]
    if triples and len(triples) == len(value):  # scalars as TensorBoard downloads them
        return [dict(zip(("Wall time", "Step", "Value"), each, strict=True)) for each in triples]
    return [_flat(each) for each in value if isinstance(each, Mapping)]


def _of_mapping(value: Mapping[str, Any]) -> list[Record]:
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list):  # a frame of pandas that was split
        return [dict(zip(map(str, names), row, strict=False)) for row in data if isinstance(row, list)]
    if value and all(key.isdecimal() and isinstance(row, Mapping) for key, row in value.items()):
        rows = {key: _flat(row) for key, row in value.items()}
        return [row if any(map(is_step, row)) else {"step": key, **row} for key, row in rows.items()]
    histories = [each for each in value.values() if _is_history(each)]
    if histories:
        return [_flat(row) for row in max(histories, key=len)]
    columns = dict(_columns(value))
    if columns:
        length = max(map(len, columns.values()))
        return [
            {name: cells[row] for name, cells in columns.items() if row < len(cells)} for row in range(length)
        ]
    return [_flat(value)]


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _columns(value: Mapping[str, Any], lead: str = "", depth: int = 0) -> Iterator[tuple[str, Sequence[Any]]]:
    """Columns of a mapping of lists, of mappings from row to number, or of mappings of either."""
    for name, cells in value.items():
        if isinstance(cells, list) and cells:
            yield lead + name, cells
        elif isinstance(cells, Mapping) and cells and all(key.isdecimal() for key in cells):
            yield lead + name, list(cells.values())
        elif isinstance(cells, Mapping) and depth < _DEPTH:
            yield from _columns(cells, "" if name == "history" else f"{lead}{name}/", depth + 1)


def _flat(record: Mapping[str, Any], lead: str = "", depth: int = 0) -> Record:
    """A record without nesting; null is an empty cell, and of statistics only the mean is kept."""
    flat: Record = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and "mean" in value:
            if value.get("num", 1) != 0:  # the mean of nothing is no number that went wrong
                flat[lead + name] = _cell(value["mean"])
        elif isinstance(value, Mapping) and depth < _DEPTH:
            flat |= _flat(value, f"{lead}{name}/", depth + 1)
        else:
            flat[lead + name] = _cell(value)
    return flat


def _cell(value: Any) -> Any:
    return "" if value is None else value
