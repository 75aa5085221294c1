"""G19: samples are not copies of their nearest training images."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import CONVOLUTIONAL, CONVOLUTIONS, DENSE, DENSE_STEPS, on_digits

COPIED = 0.6
"""Probability of lying nearer to the training set than fresh data that counts as copying; ideal is ½."""

ARMS = Arms(
    "model",
    tests=tuple(
        Mean("copying", name, None, "below", COPIED, f"P(nearer to the training set than fresh data), {name}")
        for name in ("dcgan", "gan")
    ),
    panels=(drawing.Panel("copying", "P(nearer to training data)", mark=(0.5, "fresh data"), limits=(0, 1)),),
)


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
        **CONVOLUTIONS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
    """A dense and a convolutional GAN."""
    return [
        on_digits("dcgan", CONVOLUTIONAL, budget.seeds, budget.steps),
        on_digits("gan", DENSE, budget.seeds, DENSE_STEPS * budget.steps),
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, seed, copying."""
    return final_scores(results).rename(columns={"copying@1k": "copying"})[["model", "seed", "copying"]]
