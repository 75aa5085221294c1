"""V4: samples of a VAE are blurred."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.standard_runs import (
    AUTOENCODER,
    CONVOLUTIONAL,
    CONVOLUTIONS,
    DENSE_STEPS,
    on_digits,
)
from genbench.engine.sampling import draw
from genbench.engine.trained import reopened
from genbench.ops.spectrum import high_share

IMAGES = 500
LESS = -0.1
"""ln of a ratio of shares of power, about ten per cent."""

POWER = "ln share of high frequencies, VAE"
ARMS = Arms(
    "model",
    tests=(
        Mean("share", "vae", None, "below", LESS, f"{POWER} ÷ data", log=True, over="real"),
        Mean("share", "vae", "dcgan", "below", LESS, f"{POWER} ÷ DCGAN", log=True),
    ),
    panels=(drawing.Panel("share", "share of power, high frequencies", mark=("real", "data")),),
)


@claims.register("V4", cite="kingma2014vae")
def vae_blurs() -> Claim:
    """VAEs produce blurry images, GANs do not."""
    return Claim(
        id="V4",
        slug="vae-blurs",
        statement="Images of VAEs are blurry, of lower quality than those of GANs.",
        sources=(Source("L4", "Variational Autoencoders"), Source("L2", "Pros and Cons of VAE")),
        hypothesis="A VAE's samples have less of their power at high spatial frequencies than the "
        "data, and less than a DCGAN's.",
        test="VAE and DCGAN on digits. Share of power above half the highest frequency: ln(VAE ÷ "
        f"held-out data), mean below {LESS}, and ln(VAE ÷ DCGAN), paired by seed, mean below {LESS} "
        "(t-tests). Both must hold.",
        lesson="What is shown of a VAE is the mean of p(x | z), and a mean of many sharp images is not "
        "sharp. Even on eight by eight pixels its samples have two fifths less of their power at "
        "high frequencies than the data, where a DCGAN's have as much as the data.",
        evidence=Runs(suite, measure),
        **CONVOLUTIONS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Both models."""
    return [
        on_digits("dcgan", CONVOLUTIONAL, budget.seeds, budget.steps),
        on_digits("vae", AUTOENCODER, budget.seeds, DENSE_STEPS * budget.steps),
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, seed, share (of power at high frequencies), real (that of the data)."""
    rows = []
    for run in reopened(results):
        task = run.ensemble.task
        real = high_share(task.to_float(task.held_out))
        for seed, images in zip(
            run.ensemble.seeds, draw(run.ensemble, run.state, IMAGES, "claims"), strict=True
        ):
            rows.append((run.model, seed, high_share(images), real))
    return pd.DataFrame(rows, columns=["model", "seed", "share", "real"])
