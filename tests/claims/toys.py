"""Claims that cost nothing, for tests of the machinery."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Evidence, Experiment, Runs, Source
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import compared
from genbench.registry import models
from genbench.store import Results
from genbench.types import Judgement

measured: list[str] = []
"""Names of the toys that were measured, in order."""


def measure(budget: Budget) -> pd.DataFrame:
    measured.append("X1")
    return pd.DataFrame({"seed": range(budget.seeds), "value": 1 + 0.01 * np.arange(budget.seeds)})


def suite(budget: Budget):
    gan = {"latent": 2, "width": 8, "depth": 1}
    return [compared("ring8", {"gan": gan}, budget.seeds, budget.steps, metrics=["high_quality@2500"])]


def from_runs(budget: Budget, results: Results) -> pd.DataFrame:
    measured.append("X2")
    return final_scores(results).rename(columns={"high_quality@2500": "value"})[["seed", "value"]]


def broken(budget: Budget) -> pd.DataFrame:
    raise ZeroDivisionError("toy")


def looked_up(budget: Budget) -> pd.DataFrame:
    return pd.DataFrame({"seed": [0], "value": [str(models["vae"].create())]})


def judge(frame: pd.DataFrame) -> Judgement:
    return decisions.mean(frame["value"], "above", 0.0, "toy value")


def figure(frame: pd.DataFrame):
    drawn, (ax,) = drawing.panels()
    drawing.dots(ax, frame.assign(group="toy"), "group", "value")
    return drawn


def examples() -> Mapping[str, pd.DataFrame]:
    values = {"supported": [1.0, 1.1, 0.9], "refuted": [-1.0, -1.1, -0.9], "inconclusive": [1.0, -1.0, 0.1]}
    return {outcome: pd.DataFrame({"seed": range(3), "value": own}) for outcome, own in values.items()}


def toy(name: str, evidence: Evidence | None = None, **changes: object) -> Claim:
    """A claim that its values are positive."""
    fields = {
        "id": name,
        "slug": f"toy-{name.lower()}",
        "statement": "Values are positive.",
        "sources": (Source("L1", "A slide"),),
        "hypothesis": "The mean is above zero.",
        "test": "Mean above 0.",
        "lesson": "Nothing.",
        "evidence": evidence or Experiment(measure),
        "fast": Budget(seeds=6, steps=4),
        "full": Budget(seeds=12, steps=8),
        "judge": judge,
        "figure": figure,
        "examples": examples,
    }
    return Claim(**{**fields, **changes})


RUNS = Runs(suite, from_runs)
