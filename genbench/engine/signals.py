"""Signals of a stretch of training: added up on the device, read once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from genbench.engine.nets import Layout

FINITE = "run/finite"
"""1 while a seed's losses and gradients have been finite, 0 from the tick at which one was not."""


class Accumulator:
    """Means of every signal over the updates since it was made, one value a seed.

    Beside what a loss reports, every player has ``grad_norm`` (and ``_first``, ``_last`` for its first and
    last weight) and ``update_norm``, all Euclidean, ``depth_ratio``, the root mean square gradient of the
    first weight over that of the last, and ``update_ratio``, the root mean square update over the step size.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._scales: dict[str, tuple[float, float]] = {}

    def add(self, player: str, names: tuple[str, ...], values: Tensor, layout: Layout, rate: float) -> None:
        """Add one update.

        Args:
            values: the signals called `names`, shape (S, signals).
            rate: the optimiser's step size; 0 if it has none.
        """
        if player in self._sums:
            self._sums[player] += values
            self._counts[player] += 1
        else:
            self._names[player], self._sums[player], self._counts[player] = names, values.clone(), 1
            first, last = layout.layers
            depth = (last.stop - last.start) / (first.stop - first.start)
            self._scales[player] = depth**0.5, rate * layout.numel**0.5

    @classmethod
    def joined(cls, parts: Sequence[Accumulator]) -> Accumulator:
        """The signals of all seeds, from those of groups of them in order, over the same updates."""
        whole = cls()
        vars(whole).update(vars(parts[0]))
        whole._sums = {player: torch.cat([p._sums[player] for p in parts]) for player in parts[0]._sums}
        return whole

    def read(self) -> dict[str, list[float]]:
        """Mean of each signal by seed; the one place that waits for the device."""
        signals: dict[str, list[float]] = {}
        for player, sums in self._sums.items():
            means = (sums / self._counts[player]).T.tolist()
            signals |= dict(zip(self._names[player], means, strict=True))
            depth, size = self._scales[player]
            ends = zip(*(signals[f"{player}/grad_norm_{end}"] for end in ("first", "last")), strict=True)
            signals[f"{player}/depth_ratio"] = [depth * first / (last or 1e-300) for first, last in ends]
            if size:
                signals[f"{player}/update_ratio"] = [n / size for n in signals[f"{player}/update_norm"]]
        return signals
