"""Signals of a stretch of training: added up on the device, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genbench.engine.nets import Layout
from genbench.ops.optim import Optimizer

FINITE = "run/finite"
"""1 while a seed's losses and gradients have been finite, 0 from the tick at which one was not."""


@dataclass
class _Sum:
    """Signals of updates that report the same names: their sum (S, signals), and how many they are."""

    values: Tensor
    count: int


class Accumulator:
    """Means of every signal over the updates that report it, one value a seed.

    Beside what an objective reports, every player that an optimiser moves has ``grad_norm`` (and ``_first``,
    ``_last`` for its first and last weight) and ``update_norm``, all Euclidean, ``depth_ratio``, the root
    mean square gradient of the first weight over that of the last, and ``update_ratio``, the root mean
    square update over the step size. Where several updates move a player, these are means over them. Where
    schedules change the step size, ``rate_factor`` is what they leave of it, and the ratio is to that.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], _Sum] = {}
        self._depths: dict[str, float] = {}
        self._rates: dict[str, list[float]] = {}

    def add(
        self,
        names: tuple[str, ...],
        values: Tensor,
        layouts: Mapping[str, Layout] | None = None,
        optimizers: Mapping[str, Optimizer] | None = None,
    ) -> None:
        """Add the signals of one update.

        Args:
            values: the signals called `names`, shape (S, signals).
            layouts, optimizers: of the players that moved by a gradient.
        """
        if names in self._sums:
            self._sums[names].values += values
            self._sums[names].count += 1
        elif names:
            self._sums[names] = _Sum(values.clone(), 1)
            for player, optimizer in (optimizers or {}).items():
                self._describe(player, (layouts or {})[player], optimizer)

    def _describe(self, player: str, layout: Layout, optimizer: Optimizer) -> None:
        first, last = layout.layers
        sizes = last.stop - last.start, first.stop - first.start
        self._depths[player] = (sizes[0] / max(sizes[1], 1)) ** 0.5
        self._rates.setdefault(player, []).append(optimizer.rate * layout.numel**0.5)

    @classmethod
    def joined(cls, parts: Sequence[Accumulator]) -> Accumulator:
        """The signals of all seeds, from those of groups of them in order, over the same updates."""
        whole = cls()
        vars(whole).update(vars(parts[0]))
        whole._sums = {
            names: _Sum(torch.cat([p._sums[names].values for p in parts]), own.count)
            for names, own in parts[0]._sums.items()
        }
        return whole

    def read(self) -> dict[str, list[float]]:
        """Mean of each signal by seed; the one place that waits for the device."""
        signals = self._means()
        for player, depth in self._depths.items():
            ends = zip(*(signals[f"{player}/grad_norm_{end}"] for end in ("first", "last")), strict=True)
            signals[f"{player}/depth_ratio"] = [depth * first / (last or 1e-300) for first, last in ends]
            rates = self._rates[player]
            if size := rates[0] if len(set(rates)) == 1 else sum(rates) / len(rates):
                norms = signals[f"{player}/update_norm"]
                factors = signals.get(f"{player}/rate_factor", [1.0] * len(norms))
                signals[f"{player}/update_ratio"] = [
                    norm / (size * factor) if factor else 0.0
                    for norm, factor in zip(norms, factors, strict=True)
                ]
        return signals

    def _means(self) -> dict[str, list[float]]:
        parts: dict[str, list[tuple[int, list[float]]]] = {}
        for names, own in self._sums.items():
            for name, column in zip(names, (own.values / own.count).T.tolist(), strict=True):
                parts.setdefault(name, []).append((own.count, column))
        return {name: _weighted_mean(columns) for name, columns in parts.items()}


def _weighted_mean(columns: Sequence[tuple[int, list[float]]]) -> list[float]:
    """The mean by seed of means over so many updates each."""
    if len(columns) == 1:
        return columns[0][1]
    total = sum(count for count, _ in columns)
    rows = zip(*([count * value for value in column] for count, column in columns), strict=True)
    return [sum(row) / total for row in rows]
