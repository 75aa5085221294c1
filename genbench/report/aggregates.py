"""Methods over several tasks: normalised scores put together, and methods compared in pairs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from genbench.report.entries import THROUGHPUT, Entry
from genbench.report.statistics import (
    Strata,
    aggregate,
    interquartile_mean,
    median,
    probability_of_improvement,
)

WORST = -1.0
"""Normalised scores below are taken for it: as far below the trivial sampler as real data are above."""

COLUMNS = [
    "model",
    "tasks",
    "seeds",
    *(f"{s}{end}" for s in ("iqm", "median") for end in ("", "_low", "_high")),
]


def main_entries(made: Sequence[Entry]) -> list[Entry]:
    """The entries of each task's first metric whose trivial and real scores are known and lie apart.

    Beyond the noise of both: see `Anchors.tell_apart`. A task whose trivial sampler is the truth has none.
    Methods that are not ranked are left out.
    """
    metric: dict[str, str] = {}
    for entry in made:
        if entry.metric not in (None, THROUGHPUT) and entry.anchors.tell_apart(entry.better):
            metric.setdefault(entry.method.task, str(entry.metric))
    return [entry for entry in made if entry.ranked and metric.get(entry.method.task) == entry.metric]


def normalised_strata(made: Sequence[Entry]) -> dict[str, dict[str, np.ndarray]]:
    """Model → task → normalised scores of the task's main metric, a value a seed; see `Entry.normalised`.

    Each is at least −1, so that a seed that exploded on one task outweighs no other task.
    """
    strata: dict[str, dict[str, np.ndarray]] = {}
    for entry in main_entries(made):
        bounded = np.maximum(entry.normalised, WORST)
        strata.setdefault(entry.method.model, {})[entry.method.task] = bounded
    return strata


def aggregates(made: Sequence[Entry]) -> pd.DataFrame:
    """Interquartile mean and median of normalised scores over seeds, mean over tasks, best first.

    0 is a trivial sampler, 1 is real against real. Seeds are trimmed within their task, so every task weighs
    the same; see `statistics.aggregate`. A method is compared over the tasks that it finished: `tasks` says
    how many, and methods with different ones do not compare.

    Returns:
        Columns model, tasks, seeds, and `iqm` and `median`, each with the ends ``_low`` and ``_high`` of its
        stratified 95 % bootstrap interval.
    """
    rows = [_row(model, own) for model, own in normalised_strata(made).items()]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.sort_values(["tasks", "iqm"], ascending=False, ignore_index=True)


def improvements(made: Sequence[Entry]) -> pd.DataFrame:
    """Probability that a seed of `x` beats one of `y`, over the tasks that both finished.

    Returns:
        Columns x, y, tasks, probability, low, high; a row for each ordered pair that shares a task.
    """
    strata = normalised_strata(made)
    rows = []
    for x, y in itertools.permutations(strata, 2):
        shared = [task for task in strata[x] if task in strata[y]]
        if shared:
            pairs = _of(strata[x], shared), _of(strata[y], shared)
            rows.append((x, y, len(shared), *probability_of_improvement(*pairs)))
    return pd.DataFrame(rows, columns=["x", "y", "tasks", "probability", "low", "high"])


def _of(own: Mapping[str, np.ndarray], tasks: Sequence[str]) -> Strata:
    return [own[task] for task in tasks]


def _row(model: str, own: Mapping[str, np.ndarray]) -> dict[str, Any]:
    row: dict[str, Any] = {"model": model, "tasks": len(own), "seeds": sum(map(len, own.values()))}
    for name, statistic in (("iqm", interquartile_mean), ("median", median)):
        interval = aggregate(list(own.values()), statistic)
        row |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return row
