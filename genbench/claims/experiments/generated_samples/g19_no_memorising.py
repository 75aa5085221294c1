"""G19: samples are not copies of their nearest training images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import (
    CONV_FAST,
    CONV_FULL,
    CONVOLUTIONAL,
    DENSE,
    DENSE_STEPS,
    on_digits,
)
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

COPIED = 0.6
"""Probability of lying nearer to the training set than fresh data that counts as copying; ideal is ½."""


@claims.register("G19", cite="goodfellow2014gan")
def no_memorising() -> Claim:
    """GAN samples are not copies of their nearest training images."""
    return Claim(
        id="G19",
        slug="no-memorising",
        statement="Samples of a GAN are no copies: the nearest training images beside them differ.",
        sources=(
            Source("L0", "Highlight: Nearest Training Sample"),
            Source("L2", "Generative Adversarial Nets"),
        ),
        hypothesis="Samples lie no nearer to their nearest training image than held-out images do to theirs.",
        test="Dense and convolutional GANs on digits. Probability that a sample lies nearer to the "
        f"training set than a held-out image (pixels, Mann-Whitney): mean over seeds below {COPIED} for "
        "both (t-tests).",
        lesson="A row of samples beside their nearest neighbours shows no copying only if held-out "
        "images beside theirs look the same. Far below one half means samples that are farther from "
        "the data than data are: bad, but no copies.",
        evidence=Runs(suite, measure),
        fast=CONV_FAST,
        full=CONV_FULL,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """A dense and a convolutional GAN."""
    return [
        on_digits("dcgan", CONVOLUTIONAL, budget.seeds, budget.steps),
        on_digits("gan", DENSE, budget.seeds, DENSE_STEPS * budget.steps),
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, seed, copying."""
    return final_scores(results).rename(columns={"copying@1k": "copying"})[["model", "seed", "copying"]]


def judge(frame: pd.DataFrame) -> Judgement:
    """Copying of each model."""
    return decisions.all_of(
        *(
            decisions.mean(own, "below", COPIED, f"P(nearer to the training set than fresh data), {name}")
            for name, own in frame.groupby("model")["copying"]
        )
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Copying by model; one half is ideal."""
    drawn, (ax,) = drawing.panels()
    drawing.dots(ax, frame, "model", "copying")
    drawing.reference(ax, 0.5, "fresh data")
    ax.set(ylabel="P(nearer to training data)", ylim=(0, 1))
    ax.legend(fontsize=7)
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """No copies, copies, and in between."""

    def made(level: float, spread: float) -> pd.DataFrame:
        rows = [(name, seed, level + spread * (seed - 2.5)) for name in ("dcgan", "gan") for seed in range(6)]
        return pd.DataFrame(rows, columns=["model", "seed", "copying"])

    return {"supported": made(0.4, 0.01), "refuted": made(0.8, 0.01), "inconclusive": made(0.6, 0.05)}
