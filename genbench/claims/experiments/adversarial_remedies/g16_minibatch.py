"""G16: a discriminator that judges batches prevents collapse."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import ON_POINTS, on_points

KERNELS = 4
MODES = 0.5
"""Modes that must be won on average."""

ARMS = Arms(
    "variant",
    tests=(Mean("modes", "with", "without", "above", MODES, "modes, with − without"),),
    panels=(drawing.Panel("modes", "modes of 8"), drawing.Panel("near", "samples near a mode")),
)


@claims.register("G16", cite="salimans2016improved")
def minibatch_discrimination() -> Claim:
    """A discriminator that sees whole batches keeps the generator from collapsing."""
    return Claim(
        id="G16",
        slug="minibatch-discrimination",
        statement="A discriminator that classifies whole minibatches instead of single samples "
        "prevents the generator from collapsing onto a single one.",
        sources=(Source("L3", "Remedies"),),
        hypothesis="GANs with minibatch discrimination cover more modes than the same GANs without.",
        test=f"GANs on ring8 without and with minibatch discrimination ({KERNELS} kernels), paired by "
        f"seed: difference of modes covered by 2,500 samples, mean above {MODES} (t-test).",
        lesson="A batch of identical samples is easy to recognise for who sees the batch. This forbids "
        "total collapse; it does not ask for every mode, nor for good samples of each.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Without and with."""
    return [
        on_points("gan", budget.seeds, budget.steps, minibatch_kernels=kernels) for kernels in (0, KERNELS)
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns variant (``without`` or ``with``), seed, modes, near (share of samples close to a mode)."""
    frame = final_scores(results, ["minibatch_kernels"]).rename(
        columns={"modes@2500": "modes", "high_quality@2500": "near"}
    )
    frame = frame.assign(variant=np.where(frame["minibatch_kernels"] > 0, "with", "without"))
    return frame[["variant", "seed", "modes", "near"]].fillna(0)
