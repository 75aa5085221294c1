"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

BELOW = "▽"
"""Marks a score that is worse than the trivial sampler's."""
_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def with_interval(value: float, half: float = math.nan) -> str:
    """A value with half its interval: that to two significant digits, the value to the same decimals.

    A value without an interval has four significant digits.

    >>> with_interval(12.3456, 0.234), with_interval(12.3456), with_interval(math.nan)
    ('12.35 ± 0.23', '12.35', '–')
    >>> with_interval(123456.7, 1234.0), with_interval(0.5, 0.0996)
    ('123,500 ± 1,200', '0.50 ± 0.10')
    """
    if not math.isfinite(value):
        return "–"
    if not math.isfinite(half):
        return _plain(value)
    if half == 0:
        return f"{_plain(value)} ± 0"
    size = math.floor(math.log10(float(f"{half:.1e}")))  # of the first digit, after rounding
    decimals, largest = 1 - size, max(abs(value), half)
    if decimals > 8 or largest >= 1e9:
        return f"{value:.{_digits(value, decimals)}g} ± {half:.2g}"
    return f"{_rounded(value, decimals)} ± {_rounded(half, decimals)}"


def _digits(value: float, decimals: int) -> int:
    """Significant digits of a value that is known to so many decimals; not more than a float has."""
    size = math.floor(math.log10(abs(value))) if value else 0
    return min(max(size + decimals + 1, 1), 15)


def _rounded(value: float, decimals: int) -> str:
    return f"{round(value, decimals) + 0.0:,.{max(decimals, 0)}f}"  # + 0: no minus before a zero


def score_text(row: Mapping[Any, Any]) -> str:
    """A row's value with half its interval; a missing number may be NaN or None.

    Where all seeds have the same score, it says how many they are: ``8 (4 of 4)``, since seeds without spread
    are no certainty. `BELOW` follows a score that is worse than the trivial sampler's.
    """
    value, low, high = (
        math.nan if pd.isna(row[name]) else float(row[name]) for name in ("value", "ci_low", "ci_high")
    )
    below = row.get("below_trivial")
    mark = f" {BELOW}" if not pd.isna(below) and below else ""
    if math.isfinite(value) and low == high:
        return f"{_plain(value)} ({row['seeds'] - row['failed']} of {row['seeds']}){mark}"
    return with_interval(value, (high - low) / 2) + mark


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
