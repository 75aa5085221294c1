"""B3: mean field gives a lower bound for the deep Boltzmann machine."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import entr, expit, logsumexp

from genbench.claims import Budget, Claim, Experiment, Figure, Source, claims, drawing
from genbench.claims.designs.identities import CASES, Identity, cases

Values = NDArray[np.float64]

SIZES = (5, 4, 4)
"""Visible units and those of two hidden layers: 8,192 states."""

EXACT = 1e-9
SWEEPS = 500


def _holds(frame: pd.DataFrame) -> pd.Series[bool]:
    """Whether the bound is one, and tight where it must be."""
    return (frame["excess"] <= EXACT) & (frame["cut"] <= EXACT)


def figure(frame: pd.DataFrame) -> Figure:
    """The gap against the strength of the upper weights."""
    drawn, (ax,) = drawing.panels(1)
    ax.plot(frame["scale"], frame["gap"], ".", markersize=4)
    ax.set(xlabel="standard deviation of the upper weights", ylabel="mean of log p(v) − bound, nats")
    return drawn


IDENTITY = Identity(
    _holds,
    "share of machines with a bound",
    figure,
    right={"scale": 1.0, "excess": -0.01, "gap": 0.1, "cut": 1e-14},
    wrong={"excess": 0.1},
)


@claims.register("B3")
def mean_field_bound() -> Claim:
    """Mean field gives a lower bound for the Boltzmann machine."""
    return Claim(
        id="B3",
        slug="dbm-bound",
        statement="For a deep Boltzmann machine the mean-field posterior, with all hidden units "
        "independent, gives a lower bound on log p(v), which is tight only where the hidden units really "
        "are independent.",
        sources=(Source("L0", "Generative Models, 2009"),),
        hypothesis="In machines small enough to enumerate the bound lies below log p(v) for every visible "
        "state, and reaches it to rounding when the weights between the hidden layers are zero.",
        test="Share of random machines whose bound exceeds log p(v) by no more than 1e-9 in every one of "
        "32 visible states and equals it to 1e-9 once the second layer is cut off, above .95 (binomial "
        "test, Wilson's interval).",
        lesson="A bound it is, and how loose it is depends on the couplings between hidden layers, which "
        "is where a deep machine's strength is supposed to lie. Mean field also has several fixed points: "
        "a better one may exist than the one that is found.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16),
        full=Budget(seeds=32),
        **IDENTITY.parts,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a machine: seed, case, scale (of the upper weights), excess, gap, cut; nats.

    `excess` is the largest of bound − log p(v), `gap` the mean of log p(v) − bound, `cut` the
    largest absolute gap with the upper weights at zero.
    """
    return cases(_case, budget)


def _case(seed: int, case: int, size: int = 0) -> dict[str, float]:
    rng = np.random.default_rng([seed, case])
    v, first, second = SIZES
    scale = 2.0 * (case + 1) / CASES
    lower, upper = rng.standard_normal((v, first)), scale * rng.standard_normal((first, second))
    biases = [rng.standard_normal(size) for size in SIZES]
    gaps = _gaps(lower, upper, biases)
    cut = _gaps(lower, np.zeros_like(upper), biases)
    return {
        "scale": scale,
        "excess": float((-gaps).max()),
        "gap": float(gaps.mean()),
        "cut": float(np.abs(cut).max()),
    }


def _gaps(lower: Values, upper: Values, biases: list[Values]) -> Values:
    """log p(v) minus the mean-field bound, for every visible state.

    With −E = vᵀLh¹ + h¹ᵀUh² + biases, log p(v) + log Z = log Σ_h exp(−E); the bound, E_q(−E) + H(q).
    """
    v, first, second = (_states(size) for size in SIZES)
    hidden = first @ upper @ second.T + (first @ biases[1])[:, None] + second @ biases[2]
    below = v @ lower @ first.T + (v @ biases[0])[:, None]
    exact = logsumexp(below[:, :, None] + hidden, axis=(1, 2))
    mu, nu = np.full((len(v), SIZES[1]), 0.5), np.full((len(v), SIZES[2]), 0.5)
    for _ in range(SWEEPS):
        mu = expit(v @ lower + biases[1] + nu @ upper.T)
        nu = expit(mu @ upper + biases[2])
    energy = (
        v @ biases[0]
        + ((v @ lower + biases[1]) * mu).sum(1)
        + (nu * biases[2]).sum(1)
        + ((mu @ upper) * nu).sum(1)
    )
    entropy = sum((entr(p) + entr(1 - p)).sum(1) for p in (mu, nu))
    return np.asarray(exact - energy - entropy)


def _states(units: int) -> Values:
    return (np.arange(2**units)[:, None] >> np.arange(units) & 1).astype(float)
