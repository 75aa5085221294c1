"""T11: the divergence of a diagonal Gaussian from the standard normal in closed form."""

from __future__ import annotations

import pandas as pd
import torch
from torch.distributions import Independent, Normal, kl_divergence

from genbench.claims import Budget, Claim, Experiment, Figure, Source, claims, drawing
from genbench.claims.designs.identities import Identity, cases
from genbench.ops.variational import gaussian_kl

EXACT = 1e-10
"""Largest relative deviation that still counts as equal in double precision."""

ERRORS = 4.0
"""Standard errors that Monte Carlo may be off."""

CASES = 16
"""Gaussians a seed."""


def _agree(frame: pd.DataFrame) -> pd.Series[bool]:
    """Whether formula, library and Monte Carlo give the same."""
    equal = (frame["formula"] - frame["library"]).abs() <= EXACT * frame["library"].abs().clip(lower=1)
    return equal & ((frame["formula"] - frame["monte_carlo"]).abs() <= ERRORS * frame["error"])


def figure(frame: pd.DataFrame) -> Figure:
    """Formula against Monte Carlo, and what the misprints give."""
    drawn, (left, right) = drawing.panels(2)
    for ax, columns in (
        (left, {"formula": "formula"}),
        (right, {"halved": "second ½", "printed": "code slide"}),
    ):
        for place, (column, label) in enumerate(columns.items()):
            ax.plot(frame["monte_carlo"], frame[column], ".", markersize=3, label=label, zorder=2 - place)
        drawing.identity(ax, frame["monte_carlo"].tolist())
        ax.set(xscale="log", yscale="log", xlabel="Monte Carlo, nats", ylabel="formula, nats")
        ax.legend(fontsize=7)
    return drawn


IDENTITY = Identity(
    _agree,
    "share of Gaussians on which formula, library and Monte Carlo agree",
    figure,
    right={**dict.fromkeys(("formula", "library", "monte_carlo", "halved", "printed"), 10.0), "error": 0.01},
    wrong={"formula": 20.0},
)


@claims.register("T11", cite="kingma2014vae")
def kl_closed_form() -> Claim:
    """KL(N(μ, diag σ²) ‖ N(0, I)) is ½ Σ (σ² + μ² − 1 − ln σ²)."""
    return Claim(
        id="T11",
        slug="kl-closed-form",
        statement="The divergence of a Gaussian with diagonal covariance from the standard normal has a "
        "closed form, ½ Σ (σ² + μ² − 1 − ln σ²).",
        sources=(Source("L0", "The Loss Function"),),
        hypothesis="For random means and variances of 1 to 64 dimensions the formula equals that of "
        "another library to rounding, and Monte Carlo to its error.",
        test="Share of random Gaussians on which the formula is within a relative 1e-10 of "
        "torch.distributions and within 4 standard errors of Monte Carlo, above .95 (binomial test, "
        "Wilson's interval).",
        lesson="The formula is exact, so a variational autoencoder need not sample its KL term. The slides "
        "print it correctly in the derivation. Where they put it into the bound they print a second factor "
        "½ before the divergence, and on the slide with the code they lose the ½ and close the "
        "exponential's bracket in the wrong place; the figure shows what these print variants would give.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, size=20_000),
        full=Budget(seeds=32, size=200_000),
        **IDENTITY.parts,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a Gaussian: seed, case, dim, formula, library, monte_carlo, error, halved, printed; all in nats.

    `halved` is the term as it stands in the bound of the derivation, `printed` as on the slide with the code;
    `size` is the number of draws.
    """
    return cases(_case, budget, CASES)


def _case(seed: int, case: int, draws: int) -> dict[str, float]:
    source = torch.Generator().manual_seed(1000 * seed + case)
    dim = int(torch.randint(1, 65, (), generator=source))
    mean = torch.randn(dim, generator=source, dtype=torch.float64)
    log_variance = 2 * torch.randn(dim, generator=source, dtype=torch.float64)
    posterior = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    noise = torch.randn(draws // dim + 2, dim, generator=source, dtype=torch.float64)
    z = mean + (log_variance / 2).exp() * noise
    ratio = posterior.log_prob(z) - prior.log_prob(z)
    formula = float(gaussian_kl(mean, log_variance).sum())
    return {
        "dim": dim,
        "formula": formula,
        "library": float(kl_divergence(posterior, prior)),
        "monte_carlo": float(ratio.mean()),
        "error": float(ratio.std()) / len(ratio) ** 0.5,
        "halved": formula / 2,
        "printed": float((log_variance + mean.square() - 1 - log_variance).exp().sum()),
    }
