"""V1: decoding draws from the prior with a plain autoencoder gives no data."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.autoencoders import KINDS, ended_by_kind
from genbench.claims.designs.standard_runs import AUTOENCODER, DENSE_NETS, on_digits

FARTHER = 0.5
"""ln of the ratio of Fréchet distances that a failure to sample must exceed."""

LESS = 0.1
"""Coverage that must be lost."""

ARMS = Arms(
    "variant",
    tests=(
        Mean("score", "autoencoder", "VAE", "above", FARTHER, "ln Fréchet, autoencoder ÷ VAE", log=True),
        Mean("coverage", "VAE", "autoencoder", "above", LESS, "coverage, VAE − autoencoder"),
    ),
    panels=(
        drawing.Panel("score", "frechet_lenet@1k ↓"),
        drawing.Panel("coverage", "coverage_lenet@1k ↑"),
    ),
)


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
        **DENSE_NETS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
    """The same nets without noise and KL, and with both."""
    kinds = ("autoencoder", "VAE")
    return [on_digits("vae", AUTOENCODER, budget.seeds, budget.steps, **KINDS[kind]) for kind in kinds]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns variant, seed, score (Fréchet distance), coverage."""
    return ended_by_kind(results)[["variant", "seed", "score", "coverage"]]
