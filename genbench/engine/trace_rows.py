"""The trace of a run while it grows: rows that become a frame when somebody asks for one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from genbench.engine.signals import FINITE
from genbench.types import Trace

COLUMNS = ["seed", "step", "seconds", "samples", "signal", "value"]


class TraceRows:
    """Signals by tick. Making a frame takes a millisecond, so it is made for savers and detectors alone.

    Attributes:
        newest: the signals of the last tick, each a mean over the seeds that have one.
    """

    def __init__(self, before: pd.DataFrame | None = None) -> None:
        self._frame = before
        self._rows: list[tuple[int, int, float, int, str, float]] = []
        self.newest: dict[str, float] = {}

    def add(
        self,
        step: int,
        seconds: float,
        samples: int,
        signals: Mapping[str, Sequence[float]],
        alive: Mapping[int, bool],
    ) -> None:
        """Add a tick.

        Args:
            seconds, samples: training time, and examples a seed has consumed, so far.
            signals: a value a seed, in the order of `alive`.
            alive: seed → whether it still trains; of those that do not, only `FINITE` is kept.
        """
        self.newest = {}
        for signal, values in signals.items():
            own = [
                (seed, step, seconds, samples, signal, value)
                for (seed, lives), value in zip(alive.items(), values, strict=True)
                if lives or signal == FINITE
            ]
            self._rows += own
            if own:
                self.newest[signal] = _known_mean([row[-1] for row in own])

    def trace(self) -> Trace | None:
        """All ticks so far; None if there are none."""
        if self._rows:
            columns = dict(zip(COLUMNS, map(list, zip(*self._rows, strict=True)), strict=True))
            new = pd.DataFrame(columns)
            self._frame = new if self._frame is None else pd.concat([self._frame, new], ignore_index=True)
            self._rows = []
        return None if self._frame is None else Trace(self._frame)


def _known_mean(values: Sequence[float]) -> float:
    """Of those that are numbers; NaN if none is."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
