"""T10: a Gaussian mixture both gives its density and draws samples."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import torch
from scipy import stats
from scipy.special import logsumexp

from genbench.claims import Budget, Claim, Experiment, Figure, Source, claims, drawing
from genbench.claims.designs.identities import Identity, cases
from genbench.tasks.truths import Mixture

EXACT = 1e-9
INTEGRAL = 1e-6
ERRORS = 4.5
RARE = 1e-4


def _holds(frame: pd.DataFrame) -> pd.Series[bool]:
    """Whether a mixture passes every check."""
    evaluates = (frame["density"] <= EXACT) & (frame["integral"] <= INTEGRAL)
    return evaluates & (frame["moments"] <= ERRORS) & (frame["frequency"] >= RARE)


def figure(frame: pd.DataFrame) -> Figure:
    """Distribution of the two statistical checks."""
    drawn, (left, right) = drawing.panels(2)
    left.hist(frame["moments"], bins=20, color="#0072b2")
    drawing.reference(left, ERRORS, "limit", axis="x")
    left.set(xlabel="largest deviation of a moment, standard errors", ylabel="mixtures")
    right.hist(frame["frequency"], bins=np.linspace(0, 1, 11).tolist(), color="#0072b2")
    right.set(xlabel="p-value of the component frequencies", ylabel="mixtures")
    return drawn


IDENTITY = Identity(
    _holds,
    "share of mixtures whose density and samples agree",
    figure,
    right={"density": 1e-14, "integral": 1e-9, "moments": 2.0, "frequency": 0.5},
    wrong={"moments": 30.0},
)


@claims.register("T10")
def mixture_does_both() -> Claim:
    """A Gaussian mixture both evaluates densities and draws samples."""
    return Claim(
        id="T10",
        slug="gmm-both",
        statement="A mixture of Gaussians gives the density of any point, as the weighted sum of its "
        "components, and draws samples by picking a component first; both belong to one distribution.",
        sources=(Source("L4", "Generative Modelling and Differentiable Generator Networks"),),
        hypothesis="For random mixtures in the plane the density agrees with another library's and "
        "integrates to one, and drawn samples have its mean, its covariance and its components' "
        "frequencies.",
        test="Share of random mixtures on which all hold: log-density within 1e-9 of scipy's; integral "
        "within 1e-6 of 1; sample mean and covariance within 4.5 standard errors; component frequencies "
        "not refuted at p < 1e-4 (χ²). Share above .95 (binomial test, Wilson's interval).",
        lesson="Evaluating and sampling are two abilities, and few models have both in closed form. This "
        "one can check each against the other, which is how an implementation of either should be tested.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, size=20_000),
        full=Budget(seeds=32, size=100_000),
        **IDENTITY.parts,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a mixture: seed, case, density (error), integral (error), moments (largest z), frequency (p)."""
    return cases(_case, budget)


def _case(seed: int, case: int, draws: int) -> dict[str, float]:
    source = torch.Generator().manual_seed(1000 * seed + case)
    count = int(torch.randint(2, 6, (), generator=source))
    weights = torch.rand(count, generator=source, dtype=torch.float64) + 0.2
    weights = weights / weights.sum()
    centers = 3 * torch.randn(count, 2, generator=source, dtype=torch.float64)
    roots = torch.randn(count, 2, 2, generator=source, dtype=torch.float64)
    covariances = roots @ roots.mT + 0.2 * torch.eye(2)
    mixture = Mixture(centers, weights, torch.linalg.cholesky(covariances))
    x = mixture.draw(draws, source).double()
    mean = weights @ centers
    away = centers - mean
    covariance = torch.einsum("k,kij->ij", weights, covariances) + torch.einsum(
        "k,ki,kj->ij", weights, away, away
    )
    products = torch.einsum("ni,nj->nij", x - mean, x - mean)
    z_mean = (x.mean(0) - mean) / (x.std(0) / math.sqrt(draws))
    z_products = (products.mean(0) - covariance) / (products.std(0) / math.sqrt(draws))
    return {
        "density": _density_error(mixture, x[:200].numpy(), covariances.numpy()),
        "integral": abs(_integral(mixture, mean, covariance) - 1),
        "moments": float(torch.cat([z_mean.abs(), z_products.abs().flatten()]).max()),
        "frequency": _frequency(mixture, draws, source),
    }


def _density_error(mixture: Mixture, x: np.ndarray, covariances: np.ndarray) -> float:
    """Largest difference to scipy's log-density."""
    parts = [
        math.log(float(weight)) + stats.multivariate_normal(center.numpy(), covariance).logpdf(x)
        for weight, center, covariance in zip(mixture.weights, mixture.centers, covariances, strict=True)
    ]
    return float(np.abs(logsumexp(parts, axis=0) - mixture.log_density(torch.from_numpy(x)).numpy()).max())


def _integral(mixture: Mixture, mean: torch.Tensor, covariance: torch.Tensor) -> float:
    """Of the density over a square of ten standard deviations each way, by the trapezoidal rule."""
    half = 10 * float(covariance.diagonal().max()) ** 0.5
    ticks = torch.linspace(-half, half, 400, dtype=torch.float64)
    grid = torch.cartesian_prod(ticks, ticks) + mean
    values = mixture.log_density(grid).exp().view(len(ticks), -1)
    return float(torch.trapezoid(torch.trapezoid(values, ticks), ticks))


def _frequency(mixture: Mixture, draws: int, source: torch.Generator) -> float:
    """p-value of the components' frequencies, read from samples whose components lie far apart."""
    centers = 10 * torch.arange(len(mixture.weights), dtype=torch.float64).expand(2, -1).T
    apart = Mixture(centers, mixture.weights, 0.1)
    counts = torch.bincount((apart.draw(draws, source)[:, 0] / 10).round().long(), minlength=len(centers))
    return float(stats.chisquare(counts.numpy(), mixture.weights.numpy() * draws).pvalue)
