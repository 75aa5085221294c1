"""Groups of methods that cannot be told apart, and ranks that say what they do not know."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genbench.report.pairwise import all_pairs_holm

LEVEL = 0.05
"""Chance of any false separation among the methods of one task and metric."""


class Ranking(NamedTuple):
    """What can be said of the order of some methods.

    Attributes:
        low, high: simultaneous 95 % interval of each method's rank, from 1, shape (K,).
        groups: letters of each method, such as ``"ab"``; two that share one cannot be told apart.
        separated: how many pairs can be told apart.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    groups: list[str]
    separated: int


def ranking(costs: NDArray[np.float64], level: float = LEVEL) -> Ranking:
    """Rank methods by their mean cost, as far as their seeds allow.

    All pairs are tested, two-sided, by `pairwise.all_pairs_holm`; the means say which of two that differ is
    better. A method ranks behind those that are found better and before those that are found worse; all
    intervals hold at once with probability 1 − level (Mogstad, Romano, Shaikh and Wilhelm 2024,
    doi:10.1093/restud/rdad006).

    Args:
        costs: on the score's scale, shape (K, seeds), smaller is better, NaN where a method has no such seed.
    """
    separate = all_pairs_holm(costs) < level
    known = np.isfinite(costs)
    means = np.where(known, costs, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    worse = separate & (means[:, None] > means[None, :])
    better = separate & (means[:, None] < means[None, :])
    order = np.argsort(means, kind="stable")
    low, high = 1 + worse.sum(axis=1), len(costs) - better.sum(axis=1)
    return Ranking(low, high, letters(separate, order.tolist()), int(separate.sum()) // 2)


def letters(separate: NDArray[np.bool_], order: Sequence[int]) -> list[str]:
    """Groups of neighbours in the order no two of which differ, as large as can be, named for each method.

    Two methods that share a letter are not told apart. Two that share none are, but for one case: some two
    methods from one to the other, themselves included, differ, so that no group spans both, though these two
    do not, as where one between them varies much less. Their rank intervals say so. All sets of methods
    without a difference (Piepho 2004) would say it too, and may be more than there are atoms in a stone.

    Args:
        separate: shape (K, K), symmetric: which pairs differ.
        order: the methods, best first; the best group is named a.

    Returns:
        The letters of each method: one, two or three, or the first and the last of more, as in ``a–d``.
    """
    size, place = len(separate), np.asarray(order, dtype=int)
    ends = _reaches(separate[np.ix_(place, place)])
    starts = np.flatnonzero(np.diff(ends, prepend=-1) > 0)  # a group that ends where another does lies in it
    first = np.searchsorted(ends[starts], np.arange(size))
    last = np.searchsorted(starts, np.arange(size), side="right") - 1
    named = [""] * size
    for method, low, high in zip(order, first.tolist(), last.tolist(), strict=True):
        named[method] = _named(low, high)
    return named


def _reaches(separate: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each method in the order, the last up to which no two from it on differ; shape (K,), ascending."""
    size = len(separate)
    after = np.triu(separate, 1)
    differs = np.where(after.any(axis=1), after.argmax(axis=1), size)
    return np.minimum.accumulate(differs[::-1])[::-1] - 1


def _named(first: int, last: int) -> str:
    if last - first < 3:
        return "".join(map(_letter, range(first, last + 1)))
    return f"{_letter(first)}–{_letter(last)}"


def _letter(index: int) -> str:
    """a, b, …, z, a2, b2, …, z2, a3, …"""
    turns, letter = divmod(index, len(string.ascii_lowercase))
    return string.ascii_lowercase[letter] + (str(turns + 1) if turns else "")
