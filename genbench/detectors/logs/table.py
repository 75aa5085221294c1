"""What the reader of a format hands on: cells as they stand, in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from genbench.types import InputError


@dataclass(frozen=True)
class Table:
    """The cells of a log, before anybody asked what they mean.

    Attributes:
        cells: a row of the log a row. In columns of texts an empty one is a value that was not written; None
            and NaN stand where the row had no such value at all.
        notes: what was left out, for whoever reads the diagnosis.
        comma: numbers have a decimal comma where nothing in them says otherwise.
    """

    cells: pd.DataFrame
    notes: Sequence[str] = field(default_factory=list)
    comma: bool = False


MOST_COLUMNS = 10_000


def check_columns(number: int, path: Path) -> None:
    """Refuse a table with more columns than any run has signals.

    Raises:
        InputError: it has.
    """
    if number > MOST_COLUMNS:
        raise InputError(f"{path} has {number} columns; at most {MOST_COLUMNS} are read")


def counted(number: int, noun: str) -> str:
    """``1 line``, ``2 lines``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first names, and how many more there are."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*map(shown, names[:most]), *more])


def shown(text: str) -> str:
    """A text from a file as one short line, without characters that a terminal would obey."""
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(text[:400].split()))
    return line if len(line) <= 60 else f"{line[:57]}..."
