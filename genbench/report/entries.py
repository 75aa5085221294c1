"""The scores that stand for a method: those of the last step, a value a seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.report.methods import ENDED, Method, methods
from genbench.store import Results
from genbench.types import InputError

THROUGHPUT = "samples_per_second"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Anchors:
    """Scores between which a method is placed; NaN if unknown.

    Attributes:
        trivial: of a trivial sampler, a Gaussian fitted to the training data.
        real: of real data against real data.
    """

    trivial: float = math.nan
    real: float = math.nan

    def normalised(self, values: Floats) -> Floats:
        """(x − trivial) / (real − trivial): 0 is trivial, 1 is real; below 0 is worse than trivial."""
        return (values - self.trivial) / (self.real - self.trivial)

    def tell_apart(self, better: str | None) -> bool:
        """Whether real data score better than the trivial sampler, by a tenth at least."""
        gain = (self.real - self.trivial) * (1 if better == "higher" else -1)
        return bool(gain > 0.1 * max(abs(self.real), abs(self.trivial)))


@dataclass(frozen=True, eq=False)
class Entry:
    """A method's scores in one metric.

    Attributes:
        metric, better: None for a method that was skipped.
        seeds: ascending.
        values: one a seed; NaN where the seed failed or its score is not finite.
        worst: the worst score that any seed of any method has here, which a lost seed is ranked by.
    """

    method: Method
    metric: str | None
    better: str | None
    seeds: tuple[int, ...]
    values: Floats
    anchors: Anchors = Anchors()
    worst: float = math.nan

    @property
    def ranked(self) -> bool:
        return self.metric is not None and self.method.status in ENDED

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
        """What ranking compares, smaller is better: lost seeds take the worst score."""
        return self.filled(self.worst) * (-1 if self.better == "higher" else 1)

    @cached_property
    def normalised(self) -> Floats:
        """Between the trivial sampler and real data; a lost seed counts as the worst, at best as trivial."""
        worst, values = (self.anchors.normalised(x) for x in (np.array([self.worst]), self.values))
        return np.where(np.isnan(self.values), np.minimum(worst, 0), values)

    def filled(self, worst: float) -> Floats:
        """The values, `worst` for lost seeds."""
        return np.where(np.isnan(self.values), worst, self.values)


def entries(results: Results, task: str | None = None) -> list[Entry]:
    """Every method in every metric of its task, methods in the order of their first runs.

    A method that failed before any score has lost all its seeds in whatever others were scored in.

    Raises:
        InputError: there is no run of `task`.
    """
    records = results.records if task is None else _of_task(results.records, task)
    found, scores = methods(records), by_path(results.scores)
    better = dict(zip(results.scores["metric"], results.scores["better"], strict=True))
    lasts = [last_scores(method, scores) for method in found]
    scored: dict[str, dict[str, None]] = {}
    for method, last in zip(found, lasts, strict=True):
        scored.setdefault(method.task, {}).update(dict.fromkeys(last))
    made = []
    for method, last in zip(found, lasts, strict=True):
        if method.status == "skipped":
            made.append(Entry(method, None, None, (), np.empty(0)))
        metrics = last or (scored[method.task] if method.failed else {})
        made += [Entry(method, m, better[m], *_counted(method, last.get(m, {}))) for m in metrics]
        if method.examples_per_second > 0:
            made.append(Entry(method, THROUGHPUT, "higher", (0,), np.array([method.examples_per_second])))
    return _measured(made)


def by_seed(made: Sequence[Entry], values: Sequence[Floats]) -> Floats:
    """Values of several entries under each other, shape (entries, seeds); NaN where one has no such seed."""
    seeds = sorted({seed for entry in made for seed in entry.seeds})
    place = {seed: index for index, seed in enumerate(seeds)}
    together = np.full((len(made), len(seeds)), math.nan)
    for row, entry, own in zip(together, made, values, strict=True):
        row[[place[seed] for seed in entry.seeds]] = own
    return together


def by_path(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each run of a tidy frame."""
    return {str(path): own for path, own in frame.groupby("path", sort=False)}


def _of_task(records: pd.DataFrame, task: str) -> pd.DataFrame:
    chosen = records[records["task"] == task]
    if chosen.empty:
        known = ", ".join(sorted(records["task"].unique())) or "none"
        raise InputError(f"there is no run of task {task!r}; there are runs of {known}")
    return chosen


def last_scores(method: Method, scores: Mapping[str, pd.DataFrame]) -> dict[str, dict[int, float]]:
    """Metric → seed → score, at the last step of each seed; the first run that has one counts."""
    latest: dict[str, dict[int, tuple[int, float]]] = {}
    for own in (scores[path] for path in method.paths if path in scores):
        columns = (own[name].tolist() for name in ("metric", "seed", "step", "value"))
        for metric, seed, step, value in zip(*columns, strict=True):
            known = latest.setdefault(metric, {})
            if seed not in known or step > known[seed][0]:
                known[seed] = step, value
    return {metric: {seed: value for seed, (_, value) in own.items()} for metric, own in latest.items()}


def _counted(method: Method, scores: Mapping[int, float]) -> tuple[tuple[int, ...], Floats]:
    """The seeds of a metric and their scores, NaN for seeds that are lost."""
    seeds = sorted(method.failed | scores.keys())
    good = {seed for seed, value in scores.items() if math.isfinite(value)} - method.failed
    return tuple(seeds), np.array([scores[seed] if seed in good else math.nan for seed in seeds], float)


def _measured(made: Sequence[Entry]) -> list[Entry]:
    """The entries with the anchors and the worst score of their task and metric."""
    pooled: dict[tuple[str, str | None], list[Entry]] = {}
    for entry in made:
        pooled.setdefault((entry.method.task, entry.metric), []).append(entry)
    worst = {key: _worst(own) for key, own in pooled.items()}
    anchored = {key: _anchors(own) for key, own in pooled.items()}
    keys = [(entry.method.task, entry.metric) for entry in made]
    return [replace(e, anchors=anchored[key], worst=worst[key]) for e, key in zip(made, keys, strict=True)]


def _worst(own: Sequence[Entry]) -> float:
    values = np.concatenate([entry.counted for entry in own])
    if not len(values):
        return math.nan
    return float(values.min() if own[0].better == "higher" else values.max())


def _anchors(own: Sequence[Entry]) -> Anchors:
    """Of the first method that knows them: they depend on the data and the protocol alone."""
    known = [_known(entry.method.anchors, entry.metric) for entry in own]
    return next((Anchors(k.get("trivial", math.nan), k.get("real", math.nan)) for k in known if k), Anchors())


def _known(anchors: Mapping[str, Mapping[str, float]], metric: str | None) -> Mapping[str, float]:
    return anchors.get(metric, {}) if metric else {}
