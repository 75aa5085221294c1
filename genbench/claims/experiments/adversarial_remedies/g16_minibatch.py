"""G16: a discriminator that judges batches prevents collapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import POINTS_FAST, POINTS_FULL, on_points
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

KERNELS = 4
MODES = 0.5
"""Modes that must be won on average."""


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
        fast=POINTS_FAST,
        full=POINTS_FULL,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
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


def judge(frame: pd.DataFrame) -> Judgement:
    """Modes won."""
    table = frame.pivot(index="seed", columns="variant", values="modes")
    return decisions.mean(table["with"] - table["without"], "above", MODES, "modes, with − without")


def figure(frame: pd.DataFrame) -> Figure:
    """Modes, and samples near a mode."""
    drawn, axes = drawing.panels(2)
    labels = {"modes": "modes of 8", "near": "samples near a mode"}
    for ax, (column, label) in zip(axes, labels.items(), strict=True):
        drawing.dots(ax, frame, "variant", column)
        ax.set(ylabel=label)
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """More modes, fewer, and unclear."""

    def made(won: int, spread: int) -> pd.DataFrame:
        rows = [("without", seed, 4.0, 0.1) for seed in range(16)]
        rows += [("with", seed, 4.0 + won + spread * (-1) ** seed, 0.1) for seed in range(16)]
        return pd.DataFrame(rows, columns=["variant", "seed", "modes", "near"])

    return {"supported": made(2, 1), "refuted": made(-1, 1), "inconclusive": made(0, 3)}
