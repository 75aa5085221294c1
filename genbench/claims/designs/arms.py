"""Arms of an experiment, compared seed by seed: judge, figure and examples of a claim at once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from genbench.claims import decisions, drawing
from genbench.claims.claim import Examples, Parts
from genbench.claims.decisions import Side
from genbench.types import Judgement


@dataclass(frozen=True)
class Mean:
    """The mean over seeds of an arm lies beyond a threshold, or that of its difference from another arm.

    Attributes:
        value: a column of the evidence.
        beside: the other arm; None for the values themselves.
        log: natural logarithms; the difference is that of the ratio, see `gain`.
        ratio: the ratio to the other arm instead, and its median.
        over: a column that the values are divided by.
        only: a column and the value in it of the rows that count.
    """

    value: str
    arm: str
    beside: str | None
    side: Side
    threshold: float
    unit: str
    log: bool = False
    ratio: bool = False
    over: str | None = None
    only: tuple[str, str] | None = None

    def judge(self, frame: pd.DataFrame, by: str) -> Judgement:
        """By Student's test; of a ratio by Wilcoxon's."""
        if self.only is not None:
            frame = frame[frame[self.only[0]] == self.only[1]]
        if self.over is not None:
            frame = frame.assign(**{self.value: frame[self.value] / frame[self.over]})
        return self.decide(self._values(frame, by))

    def decide(self, values: NDArray[np.float64]) -> Judgement:
        """The judgement of a value a seed."""
        test = decisions.median if self.ratio else decisions.mean
        return test(values, self.side, self.threshold, self.unit)

    def _values(self, frame: pd.DataFrame, by: str) -> NDArray[np.float64]:
        if self.log and self.beside is not None:
            return gain(frame, self.beside, self.arm, self.value, by)
        table = frame.pivot(index="seed", columns=by, values=self.value)
        values = table[self.arm].to_numpy(float)
        if self.beside is None:
            return np.log(values) if self.log else values
        other = table[self.beside].to_numpy(float)
        return values / other if self.ratio else values - other

    def example(self, beyond: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the arm that lie so far beyond the threshold, where other arms and columns are at 1.

        Distances are in multiples of the threshold, or in logarithms.
        """
        unit = 1.0 if self.log or not self.threshold else abs(self.threshold)
        effect = self.threshold + unit * (beyond if self.side == "above" else -beyond)
        different = self.beside is not None and not self.ratio
        return np.exp(effect) if self.log else effect + different


@dataclass(frozen=True)
class Within(Mean):
    """The mean over seeds of an arm lies between the threshold and a higher limit."""

    high: float = 0.0

    def decide(self, values: NDArray[np.float64]) -> Judgement:
        """By two one-sided tests."""
        return decisions.within(values, self.threshold, self.high, self.unit)

    def example(self, beyond: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values in the middle for ½, at the lower limit for 0."""
        return self.threshold + beyond * (self.high - self.threshold)


@dataclass(frozen=True)
class Arms:
    """Arms that are drawn as dots and judged by means over seeds; all must hold.

    Attributes:
        by: the column that says which arm a row is of.
        others: arms that are shown and not tested.
        alphabetical: whether arms are drawn in that order, and not in that of the evidence.
    """

    by: str
    tests: tuple[Mean, ...]
    panels: tuple[drawing.Panel, ...] = ()
    others: tuple[str, ...] = ()
    alphabetical: bool = False

    def judge(self, frame: pd.DataFrame) -> Judgement:
        """All tests together."""
        return decisions.all_of(*(test.judge(frame, self.by) for test in self.tests))

    def figure(self, frame: pd.DataFrame) -> Figure:
        """A panel a column, a column of dots an arm."""
        ordered = frame.sort_values(self.by, kind="stable") if self.alphabetical else frame
        return drawing.groups(ordered, self.by, *self.panels)

    def examples(self) -> Examples:
        """Effects on the claimed side of their thresholds, on the other side, and about them."""
        return {
            "supported": self._made_up(0.5, 0.02),
            "refuted": self._made_up(-0.5, 0.02),
            "inconclusive": self._made_up(0.0, 0.2),
        }

    @property
    def parts(self) -> Parts:
        """Judge, figure and examples."""
        return {"judge": self.judge, "figure": self.figure, "examples": self.examples}

    def _made_up(self, shift: float, spread: float, seeds: int = 8) -> pd.DataFrame:
        """Evidence whose effects lie so far beyond their thresholds, evenly about it over seeds."""
        beyond = np.asarray(shift + spread * (np.arange(seeds) - (seeds - 1) / 2))
        named = itertools.chain.from_iterable((test.beside, test.arm) for test in self.tests)
        arms = dict.fromkeys([*filter(None, named), *self.others])
        settings = dict.fromkeys([test.only for test in self.tests] + [panel.only for panel in self.panels])
        if len(settings) > 1:
            settings.pop(None, None)
        parts = [self._arm(arm, setting, beyond) for setting in settings for arm in arms]
        return pd.concat(parts, ignore_index=True)

    def _arm(self, arm: str, setting: tuple[str, str] | None, beyond: NDArray[np.float64]) -> pd.DataFrame:
        marks = (panel.mark[0] for panel in self.panels if panel.mark is not None)
        columns = [test.value for test in self.tests] + [panel.column for panel in self.panels]
        columns += [name for name in (*(test.over for test in self.tests), *marks) if isinstance(name, str)]
        frame = pd.DataFrame({self.by: arm, "seed": range(len(beyond)), **dict.fromkeys(columns, 1.0)})
        for test in self.tests:
            if test.arm == arm and test.only in (None, setting):
                frame[test.value] = test.example(beyond)
        return frame if setting is None else frame.assign(**{setting[0]: setting[1]})


def gain(
    frame: pd.DataFrame, better: str, worse: str, value: str = "score", by: str = "variant"
) -> NDArray[np.float64]:
    """ln(score of `worse` ÷ score of `better`), a row of both each; above 0 if `better` is better.

    Rows are paired by seed, and by task or setting where there are several. What has no score, since it
    failed, counts as the worst of all.
    """
    beside = [name for name in ("task", "setting", "seed") if name in frame]
    table = frame.pivot(index=beside, columns=by, values=value).fillna(frame[value].max())
    return np.log(table[worse].to_numpy(float) / table[better].to_numpy(float))
