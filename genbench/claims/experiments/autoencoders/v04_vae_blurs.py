"""V4: samples of a VAE are blurred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.reopened import reopened
from genbench.claims.designs.spectra import high_share
from genbench.claims.designs.standard_runs import (
    AUTOENCODER,
    CONV_FAST,
    CONV_FULL,
    CONVOLUTIONAL,
    DENSE_STEPS,
    on_digits,
)
from genbench.engine.sampling import draw
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

IMAGES = 500
LESS = -0.1
"""ln of a ratio of shares of power, about ten per cent."""


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
        fast=CONV_FAST,
        full=CONV_FULL,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
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


def judge(frame: pd.DataFrame) -> Judgement:
    """High frequencies of the VAE against the data's and the DCGAN's."""
    share = np.log(frame.pivot(index="seed", columns="model", values="share"))
    real = float(np.log(frame["real"].iloc[0]))
    return decisions.all_of(
        decisions.mean(share["vae"] - real, "below", LESS, "ln share of high frequencies, VAE ÷ data"),
        decisions.mean(
            share["vae"] - share["dcgan"], "below", LESS, "ln share of high frequencies, VAE ÷ DCGAN"
        ),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Shares of power, with that of the data."""
    drawn, (ax,) = drawing.panels()
    drawing.dots(ax, frame.sort_values("model"), "model", "share")
    drawing.reference(ax, float(frame["real"].iloc[0]), "data")
    ax.set(ylabel="share of power, high frequencies")
    ax.legend(fontsize=7)
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """Blurred, sharper than the GAN, and unclear."""

    def made(vae: float, dcgan: float, noise: float = 0.01) -> pd.DataFrame:
        rows = [
            (name, seed, level * np.exp(noise * (seed - 2.5) * (1 if name == "vae" else -1)), 0.2)
            for name, level in (("vae", vae), ("dcgan", dcgan))
            for seed in range(6)
        ]
        return pd.DataFrame(rows, columns=["model", "seed", "share", "real"])

    return {
        "supported": made(0.1, 0.2),
        "refuted": made(0.1, 0.05),
        "inconclusive": made(0.18, 0.2, noise=0.3),
    }
