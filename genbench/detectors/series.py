"""Signals of one seed as arrays, and the few operations that detectors share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from genbench.types import Trace

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One signal over time: steps and values, both (n,)."""

    steps: NDArray[np.int64]
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)

    def map(self, function: Callable[[Floats], Floats]) -> Series:
        """The same steps with function(values)."""
        return Series(self.steps, function(self.values))

    def late(self, share: float) -> Series:
        """What lies beyond that share of the last step."""
        after = self.steps > share * self.steps[-1] if len(self) else self.steps > 0
        return Series(self.steps[after], self.values[after])

    def early(self) -> float:
        """Median between 2 and 10 % of the last step; the first value of a series too coarse for that."""
        last = self.steps[-1]
        chosen = self.values[(self.steps >= 0.02 * last) & (self.steps <= 0.1 * last)]
        return float(np.median(chosen)) if len(chosen) else float(self.values[0])

    def at(self, steps: NDArray[np.int64]) -> Floats:
        """Newest value at each of `steps`; the first one for steps before it."""
        where = np.searchsorted(self.steps, steps, side="right") - 1
        return self.values[where.clip(0)]


@dataclass(frozen=True)
class Signals(Mapping[str, Series]):
    """All signals of one seed."""

    seed: int
    series: Mapping[str, Series]

    def __getitem__(self, name: str) -> Series:
        return self.series[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def __len__(self) -> int:
        return len(self.series)

    def ending(self, suffix: str) -> dict[str, Series]:
        """Player → its signal of that name."""
        return {name.partition("/")[0]: s for name, s in self.items() if name.endswith(f"/{suffix}")}


def by_seed(trace: Trace) -> list[Signals]:
    """The signals of every seed, seeds in order; values that are not finite are left out."""
    seeds, seed = np.unique(trace.frame["seed"].to_numpy(), return_inverse=True)
    steps, values = trace.frame["step"].to_numpy(np.int64), trace.frame["value"].to_numpy(np.float64)
    name, names = pd.factorize(trace.frame["signal"])
    finite = np.flatnonzero(np.isfinite(values) & (name >= 0))
    order = finite[np.argsort(steps[finite], kind="stable")]
    series = seed[order] * len(names) + name[order]
    # Sorted by step already, a stable sort by series leaves each series' rows together and in order.
    within = np.argsort(series, kind="stable")
    starts = np.flatnonzero(np.diff(series[within], prepend=-1))
    found: list[dict[str, Series]] = [{} for _ in seeds]
    groups = np.split(within, starts[1:]) if len(starts) else []
    for group in sorted(groups, key=lambda group: int(group[0])):  # signals as they first appear
        row = order[group]
        found[seed[row[0]]][str(names[name[row[0]]])] = Series(steps[row], values[row])
    return [Signals(int(seed), series) for seed, series in zip(seeds, found, strict=True)]


def trailing_median(values: Floats, window: int) -> Floats:
    """Median of the last `window` values at each point; −∞ where there are not yet as many."""
    early = np.full(window - 1, -np.inf)
    return np.concatenate([early, np.median(sliding_window_view(values, window), axis=1)])
