"""Signals of one seed as arrays, and the few operations that detectors share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
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
    frame = trace.frame
    finite = frame[np.isfinite(frame["value"].astype(float))].sort_values("step", kind="stable")
    found: dict[int, dict[str, Series]] = {int(seed): {} for seed in sorted(frame["seed"].unique())}
    for _, own in finite.groupby("seed"):
        of_seed = own.groupby("signal", sort=False)
        found[int(own["seed"].iloc[0])] = {str(signal): _series(group) for signal, group in of_seed}
    return [Signals(seed, series) for seed, series in found.items()]


def trailing_median(values: Floats, window: int) -> Floats:
    """Median of the last `window` values at each point, of as many as there are at the start."""
    return pd.Series(values).rolling(window, min_periods=1).median().to_numpy(copy=True)


def _series(group: pd.DataFrame) -> Series:
    return Series(group["step"].to_numpy(np.int64), group["value"].to_numpy(np.float64))
