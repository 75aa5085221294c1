"""Points in the plane whose distribution is known exactly.

Each data set is fixed: every seed of every method trains on the same points.
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
from pydantic import Field, PositiveInt

from genbench.registry import tasks
from genbench.tasks.task import Task, Truth
from genbench.tasks.truths import Mixture, equal_mixture, swiss_roll

HELD_OUT = 10_000
"""Held-out points of every planar task."""

_MODE_METRICS = (
    *("served_mass@2500", "modes@2500", "high_quality@2500", "reverse_kl@2500"),
    "sliced_wasserstein@2500",
)


@tasks.register("ring8", cite="lin2018pacgan", kind="points")
def ring8(samples: PositiveInt = 100_000) -> Task:
    """Eight Gaussians on the unit circle, σ = .01 (PacGAN's 2D-ring).

    Lin et al. 2018 (arXiv:1712.04086). The angles are 2πk/8, k = 0…7, so the eight modes are distinct.

    Args:
        samples: training points.
    """
    angles = 2 * math.pi * torch.arange(8, dtype=torch.float64) / 8
    centers = torch.stack([angles.cos(), angles.sin()], dim=1).float()
    return _planar("ring8", equal_mixture(centers, 0.01), samples, _MODE_METRICS)


@tasks.register("grid25", cite="lin2018pacgan", kind="points")
def grid25(samples: PositiveInt = 100_000) -> Task:
    """Twenty-five Gaussians on the grid {−4, −2, 0, 2, 4}², σ = .05 (PacGAN's 2D-grid).

    Lin et al. 2018 (arXiv:1712.04086).

    Args:
        samples: training points.
    """
    ticks = torch.tensor([-4.0, -2.0, 0.0, 2.0, 4.0])
    return _planar("grid25", equal_mixture(torch.cartesian_prod(ticks, ticks), 0.05), samples, _MODE_METRICS)


@tasks.register("swissroll", cite="gulrajani2017wgangp", kind="points")
def swissroll(samples: PositiveInt = 100_000) -> Task:
    """Swiss roll in the plane with noise .25, divided by 7.5 (WGAN-GP's toy data).

    Gulrajani et al. 2017 (arXiv:1704.00028); the density is integrated along the spiral.

    Args:
        samples: training points.
    """
    return _planar("swissroll", swiss_roll(), samples, ("sliced_wasserstein@2500",))


@tasks.register("gaussian", kind="points")
def gaussian(samples: PositiveInt = 100_000, correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.8) -> Task:
    """One correlated Gaussian, μ = (1, −½), Σ = [[1, 2ρ], [2ρ, 4]].

    The task on which a method's moments can be read off; ``truth.centers[0]`` is μ, ``truth.scale`` the lower
    Cholesky factor of Σ.

    Args:
        samples: training points.
        correlation: ρ, between −1 and 1.
    """
    covariance = torch.tensor([[1.0, 2 * correlation], [2 * correlation, 4.0]])
    truth = Mixture(torch.tensor([[1.0, -0.5]]), torch.ones(1), torch.linalg.cholesky(covariance))
    return _planar("gaussian", truth, samples, ("sliced_wasserstein@2500",))


def _planar(name: str, truth: Truth, samples: int, metrics: tuple[str, ...]) -> Task:
    train = truth.draw(samples, torch.Generator().manual_seed(0))
    held_out = truth.draw(HELD_OUT, torch.Generator().manual_seed(1))
    return Task(name, "points", train, held_out, metrics, truth=truth)
