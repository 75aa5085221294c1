"""Variants that differ in one thing, compared seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import QUALITY
from genbench.store import Results

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
