"""Quality against cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pareto_front(quality: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which methods no other beats: none is at least as good and as cheap, and better in one of the two.

    Args:
        quality: larger is better, shape (K,).
        cost: smaller is better, shape (K,). A method with a NaN in either is not on the front.
    """
    known = np.isfinite(quality) & np.isfinite(cost)
    as_good = quality[None, :] >= quality[:, None]
    as_cheap = cost[None, :] <= cost[:, None]
    strictly = (quality[None, :] > quality[:, None]) | (cost[None, :] < cost[:, None])
    dominated = (as_good & as_cheap & strictly & known[None, :]).any(axis=1)
    return np.asarray(known & ~dominated)
