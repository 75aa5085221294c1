"""V5: a VAE uses a small part of its latent dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import AUTOENCODER, DENSE_NETS, on_digits
from genbench.registry import claims
from genbench.types import Judgement

LATENTS = (4, 16, 64)
REMEDIES: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "KL warm-up": {"warm_up": 0.5},
    "free bits": {"free_bits": 0.1},
}
SMALL = 0.5
"""Share of the dimensions that a small part stays below."""


@claims.register("V5", cite="burda2016iwae")
def active_units() -> Claim:
    """A VAE tends to use only a small part of its latent dimensions."""
    return Claim(
        id="V5",
        slug="few-active-units",
        statement="VAEs tend to use only a small subset of the dimensions of z.",
        sources=(Source("L4", "Variational Autoencoders"),),
        hypothesis=f"With {LATENTS[-1]} latent dimensions, as many as a digit has pixels, fewer than "
        "half of them carry anything.",
        test=f"VAEs on digits with {LATENTS[-1]} latent dimensions: share of active units (variance of "
        f"the posterior mean over held-out data above .01), mean below {SMALL} (t-test). Shown beside "
        "it: other dimensions, KL warm-up and free bits.",
        lesson="By Burda's measure most units are active here, since it counts how far a mean moves and "
        ".01 is little. By what they carry they are few. A unit that is not needed is cheapest at "
        "the prior, so the number of units in use says more of data and decoder than of the "
        "dimension you chose.",
        evidence=Runs(suite, measure),
        **DENSE_NETS,
        judge=judge,
        figure=figure,
        examples=examples,
        checked="Of the 64 units 44 to 58 of the first three seeds have means whose variance exceeds .01, "
        "but 3 to 8 exceed .1, and 3 to 5 carry more than .1 nat; all 64 together carry 2.4 nats. "
        "The statement holds in substance, and the threshold of the usual measure, which was set "
        "in advance, is too low after 1,500 steps, when unused units have not yet settled at the "
        "prior.",
    )


def suite(budget: Budget) -> list[Comparison]:
    """A run a dimension, and a run a remedy at the largest one."""
    runs = [{"latent": latent} for latent in LATENTS] + [
        {"latent": LATENTS[-1], **own} for own in REMEDIES.values()
    ]
    return [on_digits("vae", {**AUTOENCODER, **own}, budget.seeds, budget.steps) for own in runs]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns latent, remedy, seed, active, score (Fréchet distance)."""
    frame = final_scores(results, ["latent", "warm_up", "free_bits"])
    remedy = np.where(
        frame["warm_up"] > 0, "KL warm-up", np.where(frame["free_bits"] > 0, "free bits", "none")
    )
    names = {"active_units@1k": "active", "frechet_lenet@1k": "score"}
    return frame.assign(remedy=remedy).rename(columns=names)[["latent", "remedy", "seed", "active", "score"]]


def judge(frame: pd.DataFrame) -> Judgement:
    """Share of active units at the largest dimension, without a remedy."""
    latent = frame["latent"].max()
    plain = frame[(frame["latent"] == latent) & (frame["remedy"] == "none")]
    return decisions.mean(
        plain["active"] / latent, "below", SMALL, f"share of {latent} units that are active"
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Active units by dimension, and by remedy at the largest."""
    drawn, (left, right) = drawing.panels(2)
    drawing.dots(left, frame[frame["remedy"] == "none"].sort_values("latent"), "latent", "active")
    drawing.dots(right, frame[frame["latent"] == frame["latent"].max()], "remedy", "active")
    left.set(xlabel="latent dimensions", ylabel="active units")
    right.set(ylabel="active units", title=f"{frame['latent'].max()} dimensions")
    return drawn


def examples() -> Examples:
    """Few, most, and about half."""

    def made(share: float, spread: float) -> pd.DataFrame:
        frame = every(latent=LATENTS, remedy=REMEDIES, seed=range(8)).assign(score=5.0)
        return frame.assign(active=frame["latent"] * (share + spread * (frame["seed"] - 3.5)))

    return {"supported": made(0.2, 0.01), "refuted": made(0.8, 0.01), "inconclusive": made(0.5, 0.05)}
