"""T1: the best discriminator of two densities is p / (p + q)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Experiment, Source
from genbench.claims.designs.two_distributions import TwoDistributions, mixture, no_data, scores
from genbench.engine.trained import Trained
from genbench.registry import claims
from genbench.tasks.truths import equal_mixture
from genbench.types import Judgement, Standing

PAIRS = {
    "1-D": ([[-1.5], [1.5]], 0.6, [[0.5]], 1.2),
    "2-D": ([[-1.5, 0.0], [1.5, 0.0], [0.0, 1.5]], 0.6, [[0.0, 0.5]], 1.2),
}
"""Centres and σ of p, centres and σ of q."""

POINTS = 10_000
MASS = 0.99
"""Share of ½(p + q), its densest part, on which the largest error is taken."""


@claims.register("T1", cite="goodfellow2014gan")
def optimal_discriminator() -> Claim:
    """With p and q fixed, the best discriminator is p / (p + q)."""
    return Claim(
        id="T1",
        slug="optimal-discriminator",
        statement="For fixed densities p of data and q of samples the discriminator's best answer is p/(p "
        "+ q).",
        sources=(Source("L1", "The Optimal Discriminator"),),
        hypothesis="A discriminator trained to the end on samples alone comes close to p/(p + q) "
        "everywhere that samples fall.",
        test="Mixtures of Gaussians in one and two dimensions. By seed: mean |D − p/(p + q)| over ½(p + "
        "q), below .02; largest error on the densest 99 % of it, below .10 (t-tests over seeds). All four "
        "must hold.",
        lesson="The discriminator estimates a ratio of densities without ever seeing a density. It does so "
        "well where samples are dense; where they are rare it is free to say anything, and that is where a "
        "generator that misses the data lives. It takes its time: after 450 steps instead of 3,000 it is "
        "still off by .32 somewhere in the plane.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=450, size=256),
        full=Budget(seeds=16, steps=3000, size=512),
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns pair, seed, mean, largest: errors of D; `size` is the batch."""
    return pd.concat([_errors(name, budget) for name in PAIRS], ignore_index=True)


def judge(frame: pd.DataFrame) -> Judgement:
    """Mean and largest error, each in one and in two dimensions."""
    limits = {"mean": 0.02, "largest": 0.10}
    return decisions.all_of(
        *(
            decisions.mean(own[column], "below", limit, f"{column} error of D, {name}")
            for name, own in frame.groupby("pair")
            for column, limit in limits.items()
        )
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Errors by seed."""
    drawn, axes = drawing.panels(2)
    for ax, (column, limit) in zip(axes, (("mean", 0.02), ("largest", 0.10)), strict=True):
        drawing.dots(ax, frame, "pair", column)
        drawing.reference(ax, limit, "threshold")
        ax.set(ylabel=f"{column} |D − p/(p+q)|", ylim=(0, None))
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """Small errors, large ones, and errors about the threshold."""
    rng = np.random.default_rng(0)

    def made(centre: float) -> pd.DataFrame:
        rows = [(name, seed) for name in PAIRS for seed in range(16)]
        error = centre * rng.uniform(0.7, 1.3, len(rows))
        return pd.DataFrame(rows, columns=["pair", "seed"]).assign(mean=error, largest=5 * error)

    return {"supported": made(0.005), "refuted": made(0.1), "inconclusive": made(0.0192)}


def _errors(name: str, budget: Budget) -> pd.DataFrame:
    centers_p, sigma_p, centers_q, sigma_q = PAIRS[name]
    model = TwoDistributions(mixture(centers_p, sigma_p), mixture(centers_q, sigma_q))
    trained = Trained.of(model, no_data(len(centers_p[0])), budget.seeds, budget.steps, budget.size)
    p, q = equal_mixture(torch.tensor(centers_p), sigma_p), equal_mixture(torch.tensor(centers_q), sigma_q)
    source = torch.Generator().manual_seed(0)
    x = torch.cat([p.draw(POINTS // 2, source), q.draw(POINTS // 2, source)]).double()
    log_p, log_q = p.log_density(x), q.log_density(x)
    dense = torch.logaddexp(log_p, log_q).argsort(descending=True)[: round(MASS * POINTS)]
    exact = torch.sigmoid(log_p - log_q)
    errors = [(torch.sigmoid(scores(trained, row, x)) - exact).abs() for row in range(budget.seeds)]
    columns = {
        "mean": [float(error.mean()) for error in errors],
        "largest": [float(error[dense].max()) for error in errors],
    }
    return pd.DataFrame({"pair": name, "seed": range(budget.seeds), **columns})
