"""V1: decoding draws from the prior with a plain autoencoder gives no data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.autoencoders import KINDS, ended_by_kind
from genbench.claims.designs.standard_runs import AUTOENCODER, DENSE_FAST, DENSE_FULL, on_digits
from genbench.claims.designs.variants import gain, made_up
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

FARTHER = 0.5
"""ln of the ratio of Fréchet distances that a failure to sample must exceed."""

LESS = 0.1
"""Coverage that must be lost."""


@claims.register("V1", cite="kingma2014vae")
def plain_autoencoder() -> Claim:
    """A plain autoencoder does not generate data from draws of the prior; a VAE does."""
    return Claim(
        id="V1",
        slug="ae-cannot-sample",
        statement="Decoding random codes does not generate data with a simple autoencoder, whose space "
        "of codes is not continuous; the constraint that makes it a VAE mends that.",
        sources=(
            Source("L0", "Aside: Auto Encoding"),
            Source("L2", "Variational Autoencoders: Generating Data!"),
        ),
        hypothesis="Of an autoencoder and a VAE with the same nets, decoded draws from N(0, I) lie "
        "farther from the data for the former, and cover less of them.",
        test="Both on digits, the same nets and steps, paired by seed: ln(Fréchet distance, "
        f"autoencoder ÷ VAE), mean above {FARTHER}, and coverage, VAE minus autoencoder, mean above "
        f"{LESS} (t-tests). Both must hold.",
        lesson="The decoder is fine: it knows what to do with codes that it has met. The plain "
        "autoencoder's codes lie where they like, and N(0, I) is not where; what the KL term buys is "
        "knowing where to draw.",
        evidence=Runs(suite, measure),
        fast=DENSE_FAST,
        full=DENSE_FULL,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """The same nets without noise and KL, and with both."""
    kinds = ("autoencoder", "VAE")
    return [on_digits("vae", AUTOENCODER, budget.seeds, budget.steps, **KINDS[kind]) for kind in kinds]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns variant, seed, score (Fréchet distance), coverage."""
    return ended_by_kind(results)[["variant", "seed", "score", "coverage"]]


def judge(frame: pd.DataFrame) -> Judgement:
    """How much farther, and how much less of the data."""
    covered = frame.pivot(index="seed", columns="variant", values="coverage")
    return decisions.all_of(
        decisions.mean(gain(frame, "VAE", "autoencoder"), "above", FARTHER, "ln Fréchet, autoencoder ÷ VAE"),
        decisions.mean(covered["VAE"] - covered["autoencoder"], "above", LESS, "coverage, VAE − autoencoder"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Both scores."""
    drawn, axes = drawing.panels(2)
    for ax, (column, label) in zip(
        axes, {"score": "frechet_lenet@1k ↓", "coverage": "coverage_lenet@1k ↑"}.items(), strict=True
    ):
        drawing.dots(ax, frame, "variant", column)
        ax.set(ylabel=label)
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """Worse, as good, and unclear."""

    def made(factor: float, covered: float, spread: float = 0.05) -> pd.DataFrame:
        frame = made_up({"autoencoder": factor, "VAE": 1.0}, seeds=8, spread=spread).drop(
            columns=["task", "diagnosed"]
        )
        return frame.assign(
            coverage=frame["variant"].map({"autoencoder": covered, "VAE": 0.6}) + frame["score"] / 100
        )

    return {
        "supported": made(4.0, 0.2),
        "refuted": made(1.0, 0.2),
        "inconclusive": made(1.65, 0.2, spread=0.6),
    }
