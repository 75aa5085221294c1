"""T1: the best discriminator of two densities is p / (p + q)."""

from __future__ import annotations

import pandas as pd
import torch

from genbench.claims import Budget, Claim, Experiment, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.two_distributions import TwoDistributions, mixture, no_data, scores
from genbench.engine.trained import Trained
from genbench.tasks.truths import equal_mixture

PAIRS = {
    "1-D": ([[-1.5], [1.5]], 0.6, [[0.5]], 1.2),
    "2-D": ([[-1.5, 0.0], [1.5, 0.0], [0.0, 1.5]], 0.6, [[0.0, 0.5]], 1.2),
}
"""Centres and σ of p, centres and σ of q."""

POINTS = 10_000
MASS = 0.99
"""Share of ½(p + q), its densest part, on which the largest error is taken."""

LIMITS = {"mean": 0.02, "largest": 0.10}
ARMS = Arms(
    "pair",
    tests=tuple(
        Mean(column, pair, None, "below", limit, f"{column} error of D, {pair}")
        for pair in PAIRS
        for column, limit in LIMITS.items()
    ),
    panels=tuple(
        drawing.Panel(
            column, f"{column} |D − p/(p+q)|", mark=(limit, "threshold"), legend=False, limits=(0, None)
        )
        for column, limit in LIMITS.items()
    ),
)


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
        **ARMS.parts,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns pair, seed, mean, largest: errors of D; `size` is the batch."""
    return pd.concat([_errors(name, budget) for name in PAIRS], ignore_index=True)


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
