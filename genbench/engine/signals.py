"""Signals of a stretch of training: added up on the device, read once."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from genbench.engine.nets import Layout


class Accumulator:
    """Means of every signal over the updates since it was made, one value a seed.

    Beside what a loss reports, every player has ``grad_norm`` (and ``_first``, ``_last`` for its first and
    last weight) and ``update_norm``, all Euclidean.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}

    def add(
        self,
        player: str,
        layout: Layout,
        gradient: Tensor,
        size: Tensor,
        change: Tensor,
        stats: Mapping[str, Tensor],
    ) -> None:
        """Add one update; gradient and change are (S, P), `size` the norms of the gradients, stats (S,)."""
        first, last = layout.layers
        signals = {
            f"{player}/grad_norm": size,
            f"{player}/grad_norm_first": gradient[:, first].norm(dim=1),
            f"{player}/grad_norm_last": gradient[:, last].norm(dim=1),
            f"{player}/update_norm": change.norm(dim=1),
            **stats,
        }
        stacked = torch.stack(list(signals.values()))
        if player in self._sums:
            self._sums[player] += stacked
            self._counts[player] += 1
        else:
            self._names[player], self._sums[player], self._counts[player] = list(signals), stacked, 1

    def read(self) -> dict[str, list[float]]:
        """Mean of each signal by seed; the one place that waits for the device."""
        return {
            name: row
            for player, sums in self._sums.items()
            for name, row in zip(self._names[player], (sums / self._counts[player]).tolist(), strict=True)
        }
