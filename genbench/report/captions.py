"""What a reader must know of a leaderboard, in sentences under its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from genbench.report.columns import equal_work
from genbench.report.texts import BELOW, quantity_text
from genbench.spaces import SPACES, space_of

Row = Mapping[Any, Any]


def captions(metrics: Sequence[str], methods: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Every sentence that a task's table needs, spaces first.

    Args:
        metrics: of the table's columns, the one that ranks first.
        methods: of each method its row of the metric that ranks.
        rows: all rows of the task that have a score.
    """
    return [
        *spaces(metrics),
        *_work(methods),
        *_needed(metrics, methods),
        *_marks(rows),
        *_without_spread(rows),
        *_flags(rows),
    ]


def spaces(metrics: Iterable[str]) -> list[str]:
    """A sentence for each space in which some of these metrics compare samples."""
    names = {text: suffix for suffix, text in SPACES.items()}
    found = dict.fromkeys(text for metric in metrics if (text := space_of(metric)))
    return [f"{names[text]}: {text}." for text in found]


def _work(methods: Sequence[Row]) -> list[str]:
    work = equal_work(methods) if len(methods) > 1 else 0.0
    return [f"Equal work: {quantity_text(work, 'FLOP')} a seed."] if work else []


def _needed(metrics: Sequence[str], methods: Sequence[Row]) -> list[str]:
    """How many seeds it would take, where the frame says so: it does where nothing can be told apart."""
    known = {row["model"]: int(row["needed"]) for row in methods if not pd.isna(row.get("needed"))}
    if not known:
        return []
    told = ", ".join(f"{model} {seeds:,}" for model, seeds in sorted(known.items(), key=lambda item: item[1]))
    nothing = f"No two methods can be told apart by {metrics[0]}"
    return [f"{nothing}; seeds a method that it would take to tell the best from: {told}."]


def _marks(rows: Sequence[Row]) -> list[str]:
    if not any(is_below(row) for row in rows):
        return []
    return [f"{BELOW} worse than the trivial sampler, a Gaussian fitted to the training data, beyond noise."]


def is_below(row: Row) -> bool:
    """Whether a row's score is worse than the trivial sampler's; not if that is unknown."""
    return not pd.isna(row.get("below_trivial")) and bool(row["below_trivial"])


def _without_spread(rows: Sequence[Row]) -> list[str]:
    if not any(row["ci_low"] == row["ci_high"] for row in rows if not pd.isna(row["ci_low"])):
        return []
    return ["(n of n): so many seeds have that very score; no spread among few seeds is no certainty."]


def _flags(rows: Sequence[Row]) -> list[str]:
    """Each flag with the metrics and methods that it stands on."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        flags = row.get("flags")
        for flag in flags if isinstance(flags, tuple | list) else ():
            found.setdefault((row["metric"], flag), []).append(row["model"])
    return [f"{metric}, {flag}: {', '.join(models)}." for (metric, flag), models in found.items()]
