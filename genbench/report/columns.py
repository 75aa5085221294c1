"""What stands in a leaderboard between a method's name and its scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from genbench.report.texts import failure_text, quantity_text, rank_text

Row = Mapping[Any, Any]
EQUAL_WORK = 0.1
"""Work of methods counts as equal if the most exceeds the least by this share at most."""


class Column(NamedTuple):
    """A column: its name, and what it says of a method."""

    name: str
    text: Callable[[Row], str]


def columns(methods: Sequence[Row]) -> list[Column]:
    """The columns that tell something of these methods, groups before ranks.

    Rank and seeds always stand there; groups where there are any, failures and symptoms where some seed has
    one, and work where it is unequal.

    Args:
        methods: of each its row of the metric that ranks; a column that a row lacks is unknown.
    """
    needed = {
        "group": any(_known(row, "group") for row in methods),
        "failures": any(_count(row, "failures") or _count(row, "failure_rate") for row in methods),
        "symptoms": any(_count(row, "symptoms") for row in methods),
        "work": not equal_work(methods) and any(_known(row, "work") for row in methods),
    }
    every = (
        Column("group", lambda row: str(row["group"]) if _known(row, "group") else ""),
        Column("rank", rank_text),
        Column("seeds", seeds_text),
        Column("failures", failure_text),
        Column("symptoms", symptoms_text),
        Column("work", lambda row: quantity_text(_work(row), "FLOP")),
    )
    return [column for column in every if needed.get(column.name, True)]


def equal_work(methods: Sequence[Row]) -> float:
    """The work of a seed in FLOP if it is known of all methods and the same within a tenth, else 0."""
    work = [_work(row) for row in methods]
    if not work or not all(math.isfinite(each) for each in work) or min(work) <= 0:
        return 0.0
    return sum(work) / len(work) if max(work) <= (1 + EQUAL_WORK) * min(work) else 0.0


def seeds_text(row: Row) -> str:
    """How many seeds were trained, such as ``4``, or ``3 of 4`` if one failed."""
    return f"{row['seeds'] - row['failed']} of {row['seeds']}" if row["failed"] else str(row["seeds"])


def symptoms_text(row: Row) -> str:
    """In how many seeds something was found that is no failure, such as ``2 of 4``; empty if unknown."""
    return f"{_count(row, 'symptoms'):.0f} of {row['seeds']}" if _known(row, "symptoms") else ""


def _work(row: Row) -> float:
    return float(row["work"]) if _known(row, "work") else math.nan


def _known(row: Row, name: str) -> bool:
    return not pd.isna(row.get(name))


def _count(row: Row, name: str) -> float:
    return float(row[name]) if _known(row, name) else 0.0
