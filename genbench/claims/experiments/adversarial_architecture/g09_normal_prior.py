"""G9: draw z from a normal distribution."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.standard_runs import DENSE, IMAGE_SEEDS, ON_POINTS, on_digits, on_points, quality
from genbench.claims.designs.variants import WORTH, scored

TASKS = ("ring8", "digits")

LOSS = "ln score, uniform ÷ normal"
ARMS = Arms(
    "variant",
    tests=tuple(
        Mean("score", "uniform", "normal", "above", WORTH, f"{LOSS}, {task}", log=True, only=("task", task))
        for task in sorted(TASKS)
    ),
    panels=tuple(map(quality, TASKS)),
)


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
        **ON_POINTS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Both priors on points and on images."""
    runs = []
    for prior in ("normal", "uniform"):
        runs.append(on_points("gan", budget.seeds, budget.steps, prior=prior))
        runs.append(on_digits("gan", DENSE, IMAGE_SEEDS, budget.steps, prior=prior))
    return runs


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`, variants named by the prior."""
    return scored(results, lambda run: str(run["prior"]))
