"""Scores along training as a frame, for figures and notebooks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from genbench.report.methods import methods
from genbench.store import Results


def learning_curves(results: Results, task: str, metric: str) -> pd.DataFrame:
    """Mean over seeds of a metric at every look, with Student's 95 % interval.

    Args:
        task: its label on the leaderboard.

    Returns:
        Columns model, step, value, low, high, n: how many seeds have a finite score there. No interval for
        fewer than two.
    """
    model = {path: m.model for m in methods(results.records) if m.task == task for path in m.paths}
    own = results.scores[results.scores["path"].isin(model) & (results.scores["metric"] == metric)]
    own = own.assign(model=own["path"].map(model)).drop_duplicates(["model", "seed", "step"])
    own = own[np.isfinite(own["value"])]
    points = own.groupby(["model", "step"])["value"].agg(["mean", "std", "count"]).reset_index()
    n = points["count"].to_numpy(float)
    half = stats.t.ppf(0.975, np.maximum(n - 1, 1)) * points["std"] / np.sqrt(n)
    ends = {"low": points["mean"] - half, "high": points["mean"] + half}
    points = points.assign(**ends).rename(columns={"mean": "value", "count": "n"})
    return points[["model", "step", "value", "low", "high", "n"]]
