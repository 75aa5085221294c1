"""A method's scores in one metric, a value a seed, and what ranking makes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from genbench.report.anchors import Anchors
from genbench.report.methods import ENDED, Method
from genbench.report.scales import to_scale
from genbench.types import Scale, compares

THROUGHPUT = "samples_per_second"
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Entry:
    """A method's scores in one metric.

    Attributes:
        metric, better: None for a method that was skipped.
        seeds: ascending.
        values: one a seed; NaN where the seed failed or its score is not finite.
        scale: where the scores of this task and metric are compared; see `scales.scale_of`.
        flags: what a reader of the scores must know, each once.
        worst: the worst score that any seed of any method has here, which a lost seed is ranked by.
    """

    method: Method
    metric: str | None
    better: str | None
    seeds: tuple[int, ...]
    values: Floats
    anchors: Anchors = field(default_factory=Anchors)
    worst: float = math.nan
    scale: Scale = "identity"
    flags: tuple[str, ...] = ()

    @property
    def scored(self) -> bool:
        """Whether it has a metric, and every run of its method has ended."""
        return self.metric is not None and self.method.status in ENDED

    @property
    def ranked(self) -> bool:
        """Whether it is set beside others: scored, by the whole protocol, and not one look at a clock."""
        return self.scored and self.metric != THROUGHPUT and compares(self.flags)

    @property
    def lost(self) -> int:
        """How many seeds failed or have no finite score."""
        return int(np.isnan(self.values).sum())

    @property
    def counted(self) -> Floats:
        """The values of the seeds that are not lost."""
        return self.values[~np.isnan(self.values)]

    @property
    def mean(self) -> float:
        """Over the seeds that are not lost; NaN if there are none."""
        return float(self.counted.mean()) if len(self.counted) else math.nan

    @property
    def costs(self) -> Floats:
        """What ranking compares, on the scale, smaller is better: lost seeds take the worst score."""
        return to_scale(self.filled(self.worst), self.scale) * (-1 if self.better == "higher" else 1)

    @cached_property
    def normalised(self) -> Floats:
        """Between the trivial sampler and real data; a lost seed counts as the worst, at best as trivial."""
        worst, values = (self.anchors.normalised(x) for x in (np.array([self.worst]), self.values))
        return np.where(np.isnan(self.values), np.minimum(worst, 0), values)

    def filled(self, worst: float) -> Floats:
        """The values, `worst` for lost seeds."""
        return np.where(np.isnan(self.values), worst, self.values)


def by_seed(made: Sequence[Entry], values: Sequence[Floats]) -> Floats:
    """Values of several entries under each other, shape (entries, seeds); NaN where one has no such seed."""
    seeds = sorted({seed for entry in made for seed in entry.seeds})
    place = {seed: index for index, seed in enumerate(seeds)}
    together = np.full((len(made), len(seeds)), math.nan)
    for row, entry, own in zip(together, made, values, strict=True):
        row[[place[seed] for seed in entry.seeds]] = own
    return together
