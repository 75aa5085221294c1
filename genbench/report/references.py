"""What methods are measured against as rows of a table: real data, and a trivial sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

REFERENCES = {"real": "real data", "trivial": "trivial sampler"}
"""Columns of a leaderboard and what stands for a method's name in the rows that are made of them."""
STATUS = "reference"
_NULLABLE = {"i": "Int64", "b": "boolean"}
"""Kinds of columns that hold no gaps, and what they become, since a reference has neither seeds nor flags."""
_SHARED = ("task", "metric", "better", "scale")


def with_references(board: pd.DataFrame) -> pd.DataFrame:
    """A leaderboard with two more rows a metric: ``real data`` and ``trivial sampler``.

    They follow the methods of their task, have the status ``reference``, their score as `value`, and neither
    rank nor seeds. `leaderboard` itself has no such rows, so that every row of it is a method's; whatever
    writes a board out adds them.
    """
    whole = {name: _NULLABLE[kind.kind] for name, kind in board.dtypes.items() if kind.kind in _NULLABLE}
    parts = []
    for _, own in board.astype(whole).groupby("task", sort=False):
        rows: list[dict[Any, Any]] = own.to_dict("records")
        made = pd.DataFrame(_rows(rows), columns=board.columns)
        known = {name: kind for name, kind in own.dtypes.items() if kind != made[name].dtype}
        parts += [own, made.astype(known)] if len(made) else [own]
    return pd.concat(parts, ignore_index=True) if parts else board


def reference_scores(rows: Sequence[Mapping[Any, Any]], column: str) -> dict[str, float]:
    """Metric → score of ``real`` data or the ``trivial`` sampler, where it is known."""
    scored = (row for row in rows if isinstance(row["metric"], str) and not pd.isna(row[column]))
    return {row["metric"]: row[column] for row in scored}


def _rows(rows: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """The reference rows of a task, whose rows are given."""
    first: dict[str, Mapping[Any, Any]] = {}
    for row in rows:
        if isinstance(row["metric"], str):
            first.setdefault(row["metric"], row)
    return [
        {**{key: first[metric].get(key) for key in _SHARED}, "model": name, "value": value, "status": STATUS}
        for column, name in REFERENCES.items()
        for metric, value in reference_scores(rows, column).items()
    ]
