"""Cells as numbers: thousands marks, decimal commas, and what stands for no number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

GAPS = frozenset({"", "na", "n/a", "none", "null", "<na>"})
NOT_NUMBERS = frozenset({"nan", "nan(ind)", "nan(snan)", "1.#qnan", "1.#snan", "1.#ind"})
INFINITE = frozenset({"inf", "infinity", "1.#inf", "∞"})
_TENSOR = re.compile(r"(?:tensor|array)\(([^,()]*)[,)].*", re.DOTALL)
_SPACES = re.compile(r"(?<=\d)[ '’_\u00a0\u202f](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,9})?")
_GROUPS = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+") for mark in ",."}
_DECIMALS = {mark: re.compile(rf"[+-]?\d*\{mark}\d+(?:e[+-]?\d+)?") for mark in ",."}
_LONGEST = 200
"""Characters of a cell that are looked at; no number has as many."""


@dataclass(frozen=True)
class Numbers:
    """A column as numbers.

    Attributes:
        values: (n,), NaN in gaps.
        written: (n,), whether a number, an infinity or NaN was written there.
        due: (n,), whether a cell is written or at least empty; the others were never there.
        odd: (n,), whether something was written that is no number.
    """

    values: NDArray[np.float64]
    written: NDArray[np.bool_]
    due: NDArray[np.bool_]
    odd: NDArray[np.bool_]


def numeric(column: pd.Series, comma: bool = False) -> Numbers:
    """A column's numbers; `comma` decides what 1,234 and 1.234 mean, which may be either."""
    if pd.api.types.is_numeric_dtype(column) and column.dtype.kind in "iuf":
        values = column.to_numpy(np.float64, na_value=np.nan)
        return Numbers(values, ~np.isnan(values), np.ones(len(values), bool), np.zeros(len(values), bool))
    texts = np.array([_text(cell) for cell in column], dtype=object)
    values = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64, copy=True)
    dubious = np.isnan(values) | (np.array(["." in (t or "") for t in texts], bool) if comma else False)
    said = np.zeros(len(texts), bool)
    for row in np.flatnonzero(dubious):
        values[row] = _number(texts[row], comma) if texts[row] is not None else np.nan
        said[row] = texts[row] is not None and texts[row].lstrip("+-") in NOT_NUMBERS
    written = ~np.isnan(values) | said
    empty = np.array([text is None or text in GAPS for text in texts], bool)
    return Numbers(values, written, np.array([t is not None for t in texts], bool), ~written & ~empty)


def decimal_comma(cells: Iterable[object], otherwise: bool) -> bool:
    """Whether more of the cells have a decimal comma than a point, of those that leave no doubt."""
    found = dict.fromkeys(",.", 0)
    for cell in cells:
        text = cell.strip().lower()[:_LONGEST] if isinstance(cell, str) else ""
        for mark in ",.":
            if _DECIMALS[mark].fullmatch(text) and not _GROUPS[mark].fullmatch(text):
                found[mark] += 1
    return found[","] > found["."] if any(found.values()) else otherwise


def _text(cell: object) -> str | None:
    """A cell in lower case; None where there is none, and a word where it is nothing that is a number."""
    if isinstance(cell, str):
        return _short(cell)
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, (Real, Decimal)) and not isinstance(cell, (bool, np.bool_)):
        try:
            number = float(cell)
        except (OverflowError, ValueError):
            return "too large"
        return None if np.isnan(number) else repr(number)
    return "no number"


def _short(cell: str) -> str:
    short = cell[:_LONGEST].strip().lower().replace("−", "-")
    tensor = _TENSOR.fullmatch(short)
    if tensor:
        return tensor[1].strip()
    if len(cell.strip()) > _LONGEST:  # no float has as many digits, nor is as large
        return "inf" if short.isdigit() else "too long"
    return short


def _number(text: str, comma: bool) -> float:
    """What a text with marks says; NaN if it is no number."""
    if text.lstrip("+-") in INFINITE:
        return -np.inf if text.startswith("-") else np.inf
    text = _SPACES.sub("", text)
    if "," in text and "." in text:
        decimal = max(",.", key=text.rindex)
    elif max(text.count(","), text.count(".")) > 1:
        decimal = "." if "," in text else ","
    else:
        mark = "," if "," in text else "."
        other = "." if mark == "," else ","
        usual = mark == ("," if comma else ".")
        decimal = other if _GROUPS[mark].fullmatch(text) and not usual else mark
    whole, point, rest = text.partition(decimal)
    thousands = "." if decimal == "," else ","
    if thousands in whole:
        if not _GROUPS[thousands].fullmatch(whole):
            return np.nan
        whole = whole.replace(thousands, "")
    plain = whole + ("." if point else "") + rest
    return float(plain) if _NUMBER.fullmatch(plain) else np.nan
