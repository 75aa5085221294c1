"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def with_interval(value: float, half: float) -> str:
    """A value with half its interval, the latter to two significant digits.

    >>> with_interval(12.3456, 0.234), with_interval(12.3456, math.nan), with_interval(math.nan, math.nan)
    ('12.35 ± 0.23', '12.35', '–')
    """
    if not math.isfinite(value):
        return "–"
    if not math.isfinite(half):
        return _plain(value)
    if half == 0:
        return f"{_plain(value)} ± 0"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{value:,.{decimals}f} ± {half:,.{decimals}f}" if decimals < 8 else f"{value:.4g} ± {half:.2g}"


def score_text(row: Mapping[Any, Any]) -> str:
    """A row's value with half its interval; a missing number may be NaN or None."""
    value, low, high = (
        math.nan if row[name] is None else row[name] for name in ("value", "ci_low", "ci_high")
    )
    return with_interval(value, (high - low) / 2)


def rank_text(row: Mapping[Any, Any]) -> str:
    """A rank with its interval where that is wider, such as ``2 (1–4)``."""
    if pd.isna(row["rank"]):
        return "–"
    low, high = row["rank_low"], row["rank_high"]
    return f"{row['rank']}" if low == high else f"{row['rank']} ({low}–{high})"


def failure_text(row: Mapping[Any, Any]) -> str:
    """How many seeds failed, of those that could be judged; a dash where none could.

    >>> failure_text({"failures": 2, "judged": 5, "seeds": 8}), failure_text({"judged": 0})
    ('2 of 5 judged', '–')
    >>> failure_text({"failures": 0, "judged": 8, "seeds": 8})
    '0 of 8'
    """
    if pd.isna(row["judged"]) or row["judged"] == 0:
        return "–"
    said = f"{row['failures']:.0f} of {row['judged']:.0f}"
    return said if row["judged"] == row["seeds"] else f"{said} judged"


def quantity_text(value: float | None, unit: str) -> str:
    """A number with a unit and a decimal prefix.

    >>> quantity_text(1234567.0, "B"), quantity_text(12.0, "s"), quantity_text(None, "s")
    ('1.23 MB', '12 s', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    power = min(max(int(math.log10(value) // 3), 0), len(_PREFIXES) - 1) if value > 0 else 0
    return f"{value / 1000**power:.3g} {_PREFIXES[power]}{unit}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
