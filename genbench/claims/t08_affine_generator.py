"""T8: an affine generator is exact for a Gaussian, and its matrix is a square root of the covariance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Experiment, Source
from genbench.registry import claims
from genbench.types import Judgement, Standing

DIMENSIONS = (2, 5, 10)
COLUMNS = ["seed", "dim", "covariance", "mean", "root", "cholesky"]


@claims.register("T8")
def affine_generator() -> Claim:
    """An affine generator is exact for a Gaussian; its matrix is a square root of Σ."""
    return Claim(
        id="T8",
        slug="affine-generator",
        statement="One affine layer on standard normal noise can be any Gaussian exactly, with its bias "
        "the mean and its matrix a square root of the covariance, such as the Cholesky factor.",
        sources=(Source("L4", "Example: drawing samples from N(μ, Σ)"),),
        hypothesis="W and b learnt from samples of a random Gaussian by gradient descent on the likelihood "
        "reach its mean and covariance as closely as the samples themselves allow, and W is a root of Σ "
        "without being the Cholesky factor.",
        test="Random Gaussians in 2, 5 and 10 dimensions, by seed the worst of them: ‖WWᵀ − Σ‖ ÷ ‖Σ‖ "
        "(Frobenius), mean below .03; ‖b − μ‖ ÷ √tr Σ, mean below .02; and with Σ replaced by the samples' "
        "own covariance, mean below .001 (t-tests over seeds). All three must hold.",
        lesson="The generator finds *a* root of the covariance: any W = LQ with Q orthogonal makes the "
        "same distribution, and which one comes out depends on the start. So latent directions mean "
        "nothing by themselves, even in the simplest generator there is.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=1500, size=20_000),
        full=Budget(seeds=64, steps=6000, size=100_000),
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a Gaussian: relative errors `covariance` (Σ), `mean` (μ), `root` (samples' covariance).

    `cholesky` is ‖W − L‖ ÷ ‖L‖, with L the Cholesky factor; `size` is the number of samples.
    """
    rows = [_learnt(seed, dim, budget) for seed in range(budget.seeds) for dim in DIMENSIONS]
    return pd.DataFrame(rows, columns=COLUMNS)


def judge(frame: pd.DataFrame) -> Judgement:
    """The worst dimension of each seed."""
    worst = frame.groupby("seed").max()
    return decisions.all_of(
        decisions.mean(worst["covariance"], "below", 0.03, "‖WWᵀ − Σ‖ ÷ ‖Σ‖"),
        decisions.mean(worst["mean"], "below", 0.02, "‖b − μ‖ ÷ √tr Σ"),
        decisions.mean(worst["root"], "below", 0.001, "‖WWᵀ − S‖ ÷ ‖S‖, S of the samples"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Errors of covariance and mean, and the distance from the Cholesky factor."""
    drawn, axes = drawing.panels(3)
    titles = {"covariance": "‖WWᵀ − Σ‖ ÷ ‖Σ‖", "mean": "‖b − μ‖ ÷ √tr Σ", "cholesky": "‖W − L‖ ÷ ‖L‖"}
    for ax, (column, title) in zip(axes, titles.items(), strict=True):
        drawing.dots(ax, frame, "dim", column)
        ax.set(xlabel="dimensions", title=title, ylim=(0, None))
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """A root of Σ, of something else, and of one that cannot be told from it."""
    rng = np.random.default_rng(0)

    def made(error: float) -> pd.DataFrame:
        rows = [
            (seed, dim, error * rng.uniform(0.5, 1.5), 0.005, 1e-6, 1.0)
            for seed in range(16)
            for dim in DIMENSIONS
        ]
        return pd.DataFrame(rows, columns=COLUMNS)

    return {"supported": made(0.01), "refuted": made(0.5), "inconclusive": made(0.0225)}


def _learnt(seed: int, dim: int, budget: Budget) -> tuple[float, ...]:
    source = torch.Generator().manual_seed(1000 * seed + dim)
    mix = torch.randn(dim, dim, generator=source, dtype=torch.float64) / dim**0.5
    sigma, mu = mix @ mix.T + 0.1 * torch.eye(dim), torch.randn(dim, generator=source, dtype=torch.float64)
    factor = torch.linalg.cholesky(sigma)
    x = mu + torch.randn(budget.size, dim, generator=source, dtype=torch.float64) @ factor.T
    start = torch.randn(dim, dim, generator=source, dtype=torch.float64) / dim**0.5
    weight, bias = fit(x, start, budget.steps)
    made = weight @ weight.T
    scale = float(sigma.trace()) ** 0.5
    return (
        seed,
        dim,
        float((made - sigma).norm() / sigma.norm()),
        float((bias - mu).norm()) / scale,
        float((made - x.T.cov(correction=0)).norm() / x.T.cov(correction=0).norm()),
        float((weight - factor).norm() / factor.norm()),
    )


def fit(x: Tensor, start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """W and b that minimise −E log N(x; b, WWᵀ), by Adam with a falling rate, from W = `start` and b = 0.

    The mean negative log-likelihood depends on the samples by their mean and covariance alone:
    ln |det W| + ½ tr(W⁻¹ (S + (m − b)(m − b)ᵀ) W⁻ᵀ).
    """
    mean, covariance = x.mean(0), x.T.cov(correction=0)
    weight, bias = start.clone().requires_grad_(), torch.zeros_like(mean).requires_grad_()
    optimizer = torch.optim.Adam([weight, bias], lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        away = (mean - bias)[:, None]
        solved = torch.linalg.solve(weight, covariance + away @ away.T)
        loss = torch.linalg.slogdet(weight)[1] + torch.linalg.solve(weight, solved.T).trace() / 2
        loss.backward()
        optimizer.step()
        schedule.step()
    return weight.detach(), bias.detach()
