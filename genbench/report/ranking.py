"""Ranks that say what they do not know: intervals, and groups of methods that cannot be told apart."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from genbench.report.pairwise import all_pairs_holm

LEVEL = 0.05
"""Chance of any false separation among the methods of one task and metric."""


class Ranking(NamedTuple):
    """What can be said of the order of some methods.

    Attributes:
        low, high: simultaneous 95 % interval of each method's rank, from 1, shape (K,).
        groups: letters of each method; two methods share one if they cannot be told apart.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    groups: list[str]


def ranking(costs: NDArray[np.float64], level: float = LEVEL) -> Ranking:
    """Rank methods by their mean cost, as far as their seeds allow.

    All pairs are tested over shared seeds with Holm's correction. A method ranks behind those that are found
    better and before those that are found worse; all intervals hold at once with probability 1 − level
    (Mogstad, Romano, Shaikh and Wilhelm 2024, doi:10.1093/restud/rdad006).

    Args:
        costs: shape (K, seeds), smaller is better, NaN where a method has no such seed.
    """
    separate = all_pairs_holm(costs) < level
    known = np.isfinite(costs)
    means = np.where(known, costs, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    worse = separate & (means[:, None] > means[None, :])
    better = separate & (means[:, None] < means[None, :])
    order = np.argsort(means, kind="stable").tolist()
    return Ranking(1 + worse.sum(axis=1), len(costs) - better.sum(axis=1), letters(separate, order))


def letters(separate: NDArray[np.bool_], order: Sequence[int]) -> list[str]:
    """Compact letter display: maximal sets without a difference, swept (Piepho 2004).

    Args:
        separate: shape (K, K), symmetric: which pairs differ.
        order: the methods, best first; the best group is named a.

    Returns:
        The letters of each method: two methods have one in common if and only if they do not differ.
    """
    size = len(separate)
    alike = nx.from_numpy_array(~separate & ~np.eye(size, dtype=bool))
    place = np.argsort(order)
    sets = _sweep([sorted(own) for own in nx.find_cliques(alike)], size)
    sets.sort(key=lambda own: sorted(place[own].tolist()))
    names = [_letter(index) for index in range(len(sets))]
    pairs = list(zip(names, sets, strict=True))
    return ["".join(name for name, own in pairs if method in own) for method in range(size)]


def _sweep(sets: Sequence[list[int]], size: int) -> list[list[int]]:
    """Leave out sets, small ones first, all of whose pairs stand in others too."""
    cover = np.zeros((size, size), int)
    for own in sets:
        cover[np.ix_(own, own)] += 1
    kept = []
    for own in sorted(sets, key=lambda members: (len(members), members)):
        if (cover[np.ix_(own, own)] > 1).all():
            cover[np.ix_(own, own)] -= 1
        else:
            kept.append(own)
    return kept


def _letter(index: int) -> str:
    """a, b, …, z, a′, b′, …"""
    turns, letter = divmod(index, len(string.ascii_lowercase))
    return string.ascii_lowercase[letter] + "′" * turns
