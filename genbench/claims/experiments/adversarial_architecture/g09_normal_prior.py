"""G9: draw z from a normal distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from genbench.claims import decisions
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.standard_runs import (
    DENSE,
    IMAGE_SEEDS,
    POINTS_FAST,
    POINTS_FULL,
    on_digits,
    on_points,
)
from genbench.claims.designs.variants import WORTH, gain, picture, scored, three_ways
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

TASKS = ("ring8", "digits")


@claims.register("G9")
def normal_prior() -> Claim:
    """A GAN's noise is better drawn from a normal than from a uniform distribution."""
    return Claim(
        id="G9",
        slug="normal-prior",
        statement="The noise of a GAN is better drawn from a normal distribution than from a uniform one.",
        sources=(
            Source("L0", "A bag of tricks from F. Chollet"),
            Source("L1", "A bag of tricks from F. Chollet"),
        ),
        hypothesis="With nothing else changed, normal noise gives better samples than noise uniform on "
        "[−1, 1].",
        test="GANs on ring8 and digits, paired by seed: ln(score with uniform ÷ score with normal "
        f"noise), mean above {WORTH} on both (t-tests).",
        lesson="The lecture itself says that nothing in the theory asks for a normal prior. The choice "
        "matters for how one moves in the latent space later; whether samples improve by it, "
        "these runs leave open.",
        evidence=Runs(suite, measure),
        fast=POINTS_FAST,
        full=POINTS_FULL,
        judge=judge,
        figure=picture,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """Both priors on points and on images."""
    runs = []
    for prior in ("normal", "uniform"):
        runs.append(on_points("gan", budget.seeds, budget.steps, prior=prior))
        runs.append(on_digits("gan", DENSE, IMAGE_SEEDS, budget.steps, prior=prior))
    return runs


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`, variants named by the prior."""
    return scored(results, lambda run: str(run["prior"]))


def judge(frame: pd.DataFrame) -> Judgement:
    """What the normal prior gains on each task."""
    return decisions.all_of(
        *(
            decisions.mean(
                gain(own, "normal", "uniform"), "above", WORTH, f"ln score, uniform ÷ normal, {task}"
            )
            for task, own in frame.groupby("task")
        )
    )


def examples() -> Mapping[Standing, pd.DataFrame]:
    """Better, no better and unclear, alike on both tasks."""
    made = three_ways("normal", "uniform")
    return {name: pd.concat([own.assign(task=task) for task in TASKS]) for name, own in made.items()}
