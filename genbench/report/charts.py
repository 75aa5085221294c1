"""Charts over all methods, as Plotly figures without a theme; the page adds colours."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from genbench.report.aggregates import normalised_strata
from genbench.report.entries import Entry
from genbench.report.statistics import performance_profile, probability_of_improvement

MOST_COMPARED = 12
"""Methods in the matrix of pairs, the best by interquartile mean: more cannot be read."""

Chart = dict[str, Any]


def profiles(made: Sequence[Entry], models: Sequence[str]) -> list[Chart]:
    """Performance profile of each of these methods: share of runs above a normalised score."""
    thresholds, strata = np.linspace(-0.5, 1.1, 81), normalised_strata(made)
    charts = []
    for model in models:
        own = list(strata[model].values())
        share, low, high = (_rounded(part) for part in performance_profile(own, thresholds))
        charts.append({"name": model, "x": _rounded(thresholds), "value": share, "low": low, "high": high})
    return charts


def improvement_matrix(made: Sequence[Entry], models: Sequence[str]) -> Chart:
    """Probability that the row's method beats the column's, over the tasks that both finished."""
    strata, shown = normalised_strata(made), list(models)[:MOST_COMPARED]
    matrix: dict[tuple[str, str], float] = {}
    for x, y in itertools.combinations(shown, 2):
        if shared := [task for task in strata[x] if task in strata[y]]:
            pairs = [strata[x][task] for task in shared], [strata[y][task] for task in shared]
            value = probability_of_improvement(*pairs).value
            matrix[x, y], matrix[y, x] = round(value, 4), round(1 - value, 4)
    return {"names": shown, "values": [[matrix.get((x, y)) for y in shown] for x in shown]}


def pareto(costs: pd.DataFrame) -> dict[str, Chart]:
    """Quality against training seconds, by task."""
    charts: dict[str, Chart] = {}
    for task, own in costs.groupby("task", sort=False):
        known = own.dropna(subset=["value", "training_seconds"]).sort_values("training_seconds")
        points = {name: known[name].tolist() for name in ("model", "training_seconds", "value", "pareto")}
        better, metric = own[["better", "metric"]].iloc[0]
        charts[str(task)] = {"metric": metric, "better": better, **points}
    return charts


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]
