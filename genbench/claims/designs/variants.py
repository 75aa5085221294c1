"""Variants that differ in one thing, compared seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from genbench.claims import drawing
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import QUALITY
from genbench.store import Results
from genbench.types import Standing

WORTH = 0.1
"""The smallest gain of interest: natural logarithm of a ratio of scores, so about ten per cent."""


def scored(results: Results, named: Callable[[Mapping[Hashable, Any]], str]) -> pd.DataFrame:
    """Columns task, variant, seed, score, diagnosed: the quality that each seed ended with, lower is better.

    Args:
        named: options of a run, with its ``model``, → the variant's name.
    """
    options = sorted({name for own in results.records["options"] for name in own})
    ended = final_scores(results, options)
    return pd.DataFrame(
        {
            "task": ended["task"],
            "variant": [named(row) for row in ended.to_dict("records")],
            "seed": ended["seed"],
            "score": [row[QUALITY[row["task"]]] for row in ended.to_dict("records")],
            "diagnosed": ended["diagnosed"],
        }
    )


def gain(frame: pd.DataFrame, better: str, worse: str, value: str = "score") -> NDArray[np.float64]:
    """ln(score of `worse` ÷ score of `better`), a row of both each; above 0 if `better` is better.

    Rows are paired by seed, and by task or setting where there are several. What has no score, since it
    failed, counts as the worst of all.
    """
    beside = [name for name in ("task", "setting", "seed") if name in frame]
    table = frame.pivot(index=beside, columns="variant", values=value).fillna(frame[value].max())
    return np.log(table[worse].to_numpy(float) / table[better].to_numpy(float))


def made_up(
    scores: Mapping[str, float], seeds: int = 16, spread: float = 0.05, task: str = "digits"
) -> pd.DataFrame:
    """Invented evidence: log-normal scores whose geometric mean by variant is exactly this."""
    rng = np.random.default_rng(0)
    rows = [(task, name, seed) for name in scores for seed in range(seeds)]
    frame = pd.DataFrame(rows, columns=["task", "variant", "seed"])
    noise = rng.standard_normal((len(scores), seeds))
    noise -= noise.mean(1, keepdims=True)
    centre = frame["variant"].map(dict(scores)).to_numpy(float)
    return frame.assign(score=centre * np.exp(spread * noise.ravel()), diagnosed=False)


def picture(frame: pd.DataFrame) -> Figure:
    """A panel a task: a column of dots a variant, a dot a seed."""
    shown = list(dict.fromkeys(frame["task"]))
    drawn, axes = drawing.panels(len(shown))
    for ax, task in zip(axes, shown, strict=True):
        drawing.dots(ax, frame[frame["task"] == task], "variant", "score")
        ax.set(title=task, ylabel=f"{QUALITY[task]} ↓", yscale="log")
        ax.tick_params("x", labelsize=7, labelrotation=30 if frame["variant"].nunique() > 3 else 0)
    return drawn


def three_ways(better: str, worse: str, seeds: int = 16) -> dict[Standing, pd.DataFrame]:
    """Invented evidence on whether `better` gains more than `WORTH`: it does, it does not, who knows."""
    return {
        "supported": made_up({better: 1.0, worse: 1.5}, seeds),
        "refuted": made_up({better: 1.0, worse: 0.9}, seeds),
        "inconclusive": made_up({better: 1.0, worse: 1.1}, seeds, spread=0.8),
    }
