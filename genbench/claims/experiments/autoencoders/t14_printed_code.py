"""T14: the printed sampling code scales the noise by the variance instead of the standard deviation."""

from __future__ import annotations

import math

import pandas as pd
import torch
from torch import Tensor

from genbench.claims import Budget, Claim, Experiment, Figure, Source, claims, drawing
from genbench.claims.designs.identities import Identity
from genbench.ops.linear_gaussian import LinearVae, Posterior
from genbench.ops.variational import gaussian_kl, gaussian_log_density

CASES = 8
"""Models a seed."""

ERRORS = 4.5
SCALES = {"printed": 1.0, "derived": 0.5}
"""Factor of the log-variance in the exponential that scales the noise."""

PIXELS, CODES = 784, 2
"""Sizes of the printed example."""


def _close(frame: pd.DataFrame) -> pd.Series[bool]:
    """Whether the printed code samples the derived bound."""
    own = frame[frame["scale"] == "printed"]
    return (own["sampled"] - own["exact"]).abs() <= ERRORS * own["error"]


def figure(frame: pd.DataFrame) -> Figure:
    """Deviation of the sampled from the exact bound for both scales, and the printed KL weights."""
    drawn, (left, right) = drawing.panels(2)
    off = frame.assign(off=(frame["sampled"] - frame["exact"]).abs() / frame["error"])
    drawing.dots(
        left, off.groupby(["scale", "seed"], sort=False)[["off"]].mean().reset_index(), "scale", "off"
    )
    drawing.reference(left, ERRORS, "limit")
    left.set(yscale="log", ylabel="error of the bound, std. errors")
    weights = {"derived": 1.0, **{f"code, {factor:g}": printed_weight(factor) for factor in (5e-4, 0.5)}}
    right.bar(list(weights), list(weights.values()), color="#0072b2")
    right.set(yscale="log", ylabel="weight of the KL term")
    return drawn


IDENTITY = Identity(
    _close,
    "share of models on which the printed code samples the derived bound",
    figure,
    right={"scale": "printed", "exact": -10.0, "sampled": -9.95, "error": 0.1},
    wrong={"sampled": -5.0},
)


@claims.register("T14", cite="kingma2014vae")
def printed_code() -> Claim:
    """z = μ + exp(log σ²)·ε, as printed, gives the bound that the derivation promises."""
    return Claim(
        id="T14",
        slug="lecture-code-scale",
        statement="Sampling z = μ + exp(log σ²)·ε, as the printed code does, together with the printed KL "
        "term, optimises the bound that was derived before.",
        sources=(Source("L0", "The Loss Function Implementation"), Source("L0", "Last Time")),
        hypothesis="With the printed scale, the mean of reconstruction minus KL equals the exact bound of "
        "the encoder's posterior, as it does with exp(½ log σ²).",
        test="Random linear Gaussian models and encoders, where the bound is known exactly. Share on which "
        "the sampled bound with the printed scale is within 4.5 standard errors of the exact one, above "
        ".95 (binomial test, Wilson's interval).",
        lesson="An erratum. The noise must be scaled by the standard deviation, exp(½ log σ²); the printed "
        "exp(log σ²) draws from a posterior of variance σ⁴, while the KL term still speaks of σ². The code "
        "trains all the same, because the encoder can learn to answer half the log-variance, and then its "
        "KL term is wrong. The slide's formula z = μ + Σ·N(0, 1) has the same slip. The printed KL weights "
        "are a second one: −5e-4 times a mean over codes, beside a cross-entropy that is a mean over "
        "pixels, weighs the KL of two codes on 784 pixels 0.39 times as much as the bound does, and the "
        "copy of the code with −0.5 weighs it 392 times; that copy also puts `z_decoded` where `z_log_var` "
        "belongs.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, size=5_000),
        full=Budget(seeds=32, size=50_000),
        **IDENTITY.parts,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a model and scale: seed, case, scale, exact, sampled, error, in nats; `size` is the draws."""
    rows = [
        row for seed in range(budget.seeds) for case in range(CASES) for row in _case(seed, case, budget.size)
    ]
    return pd.DataFrame(rows)


def printed_weight(factor: float) -> float:
    """How much the printed loss weighs the KL, where the derived one weighs it 1.

    The code adds `factor` · mean over codes of (σ² + μ² − 1 − log σ²) = factor · 2 KL ÷ codes to a
    cross-entropy that is a mean over pixels.
    """
    return factor * 2 / CODES * PIXELS


def _case(seed: int, case: int, draws: int) -> list[dict[str, object]]:
    source = torch.Generator().manual_seed(1000 * seed + case)
    model, x = LinearVae.random(source)
    latent = model.weight.shape[1]
    q = Posterior(*torch.randn(2, latent, generator=source, dtype=torch.float64))
    noise = torch.randn(draws, latent, generator=source, dtype=torch.float64)
    exact = float(model.elbo(x, q))
    rows = []
    for scale, factor in SCALES.items():
        sampled = _sampled(model, x, q, q.mean + (factor * q.log_variance).exp() * noise)
        error = float(sampled.std()) / math.sqrt(draws)
        rows.append(
            {
                "seed": seed,
                "case": case,
                "scale": scale,
                "exact": exact,
                "sampled": float(sampled.mean()),
                "error": error,
            }
        )
    return rows


def _sampled(model: LinearVae, x: Tensor, q: Posterior, z: Tensor) -> Tensor:
    """log p(x | z) − KL(q ‖ p(z)) of each draw."""
    spread = torch.full_like(x, model.noise).log()
    fit = gaussian_log_density(x.expand(len(z), -1), z @ model.weight.T + model.bias, spread)
    return fit - gaussian_kl(q.mean, q.log_variance).sum()
