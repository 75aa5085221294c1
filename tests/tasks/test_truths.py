import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import ks_2samp, multivariate_normal
from sklearn.datasets import make_swiss_roll
from torch import Tensor

from genbench.tasks import Mixture, SwissRoll, Truth, equal_mixture, swiss_roll
from genbench.types import InputError

CENTERS = torch.tensor([[0.0, 0.0], [3.0, -1.0], [-2.0, 2.0]], dtype=torch.float64)
WEIGHTS = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
COVARIANCES = torch.tensor(
    [[[1.0, 0.6], [0.6, 0.9]], [[0.04, 0.0], [0.0, 2.0]], [[0.5, -0.3], [-0.3, 0.4]]], dtype=torch.float64
)
FULL = Mixture(CENTERS, WEIGHTS, torch.linalg.cholesky(COVARIANCES))
SHARED = Mixture(CENTERS, WEIGHTS, torch.linalg.cholesky(COVARIANCES[0]))
ISOTROPIC = Mixture(CENTERS, WEIGHTS, 0.3)
MIXTURES = {
    "full": (FULL, COVARIANCES),
    "shared": (SHARED, COVARIANCES[:1].expand(3, 2, 2)),
    "isotropic": (ISOTROPIC, 0.09 * torch.eye(2, dtype=torch.float64).expand(3, 2, 2)),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def scipy_log_density(x: Tensor, covariances: Tensor) -> np.ndarray:
    parts = [
        multivariate_normal(c, s).logpdf(x.numpy())
        for c, s in zip(CENTERS.numpy(), covariances.numpy(), strict=True)
    ]
    return logsumexp(np.stack(parts), axis=0, b=WEIGHTS.numpy()[:, None])


@pytest.mark.parametrize("kind", MIXTURES)
def test_mixture_log_density_is_scipys(kind: str) -> None:
    mixture, covariances = MIXTURES[kind]
    x = torch.randn(5000, 2, generator=generator(), dtype=torch.float64) * 4  # more than one chunk
    np.testing.assert_allclose(mixture.log_density(x), scipy_log_density(x, covariances), rtol=1e-12)


def test_mixture_log_density_is_finite_far_from_every_mode() -> None:
    far = torch.tensor([[1e4, -1e4]])
    nearest = (far.double() - CENTERS).square().sum(1).min() / (2 * 0.09)
    assert ISOTROPIC.log_density(far).item() == pytest.approx(-nearest.item(), rel=1e-5)


def test_mixture_log_density_keeps_precision_and_gradient() -> None:
    x = torch.zeros(1, 2, requires_grad=True)
    single = Mixture(torch.ones(1, 2), torch.ones(1), 0.5)
    log_density = single.log_density(x)
    (score,) = torch.autograd.grad(log_density.sum(), x)
    assert log_density.dtype == torch.float32
    assert torch.allclose(score, torch.full((1, 2), 4.0))  # (c − x) / σ²


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 3), (3, 2, 1)])
def test_mixture_refuses_points_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"shape \(n, 2\)"):
        ISOTROPIC.log_density(torch.zeros(shape))


def test_no_points_have_no_densities() -> None:
    assert ISOTROPIC.log_density(torch.zeros(0, 2)).shape == (0,)


@pytest.mark.parametrize("kind", MIXTURES)
def test_mixture_draws_have_its_moments(kind: str) -> None:
    mixture, covariances = MIXTURES[kind]
    n = 200_000
    x = mixture.draw(n, generator()).double()
    mean = WEIGHTS @ CENTERS
    offset = CENTERS - mean
    second = (WEIGHTS[:, None, None] * (covariances + offset[:, :, None] * offset[:, None])).sum(0)
    standard_error = (second.diagonal() / n).sqrt()
    assert ((x.mean(0) - mean).abs() < 4 * standard_error).all()
    assert torch.allclose(x.T.cov(), second, atol=0.06)


def test_mixture_draws_follow_the_weights() -> None:
    n = 100_000
    nearest = torch.cdist(ISOTROPIC.draw(n, generator()).double(), CENTERS).argmin(1)
    share = nearest.bincount(minlength=3) / n
    assert torch.allclose(share.double(), WEIGHTS, atol=4 * math.sqrt(0.25 / n))


def test_mixture_sigma_is_none_unless_isotropic() -> None:
    assert ISOTROPIC.sigma == 0.3
    assert FULL.sigma is None
    assert SHARED.sigma is None


@pytest.mark.parametrize("truth", [FULL, SHARED, ISOTROPIC, swiss_roll(64)])
def test_draws_are_float32_and_repeat_with_the_generator(truth: Truth) -> None:
    x = truth.draw(1000, generator(5))
    assert x.dtype == torch.float32
    assert x.shape == (1000, 2)
    assert torch.equal(x, truth.draw(1000, generator(5)))
    assert not torch.equal(x, truth.draw(1000, generator(6)))


@settings(max_examples=25, deadline=None)
@given(k=st.integers(1, 40), sigma=st.floats(1e-3, 10))
def test_equal_mixture_integrates_to_one_around_separate_centers(k: int, sigma: float) -> None:
    centers = torch.arange(k, dtype=torch.float64)[:, None] * 100 * sigma
    mixture = equal_mixture(centers, sigma)
    grid = torch.linspace(-8, 8, 2001, dtype=torch.float64) * sigma
    mass = sum(
        torch.trapezoid(mixture.log_density((grid + c)[:, None]).exp(), grid) for c in centers.flatten()
    )
    assert float(mass) == pytest.approx(1, abs=1e-6)


def roll_density(x: np.ndarray) -> float:
    """The integral along the spiral by an adaptive rule, cut into pieces that show it every peak."""
    sigma = 0.25 / 7.5

    def density(t: float) -> float:
        squared = (x[0] - t * np.cos(t) / 7.5) ** 2 + (x[1] - t * np.sin(t) / 7.5) ** 2
        return math.exp(-squared / (2 * sigma**2)) / (2 * math.pi * sigma**2) / (3 * math.pi)

    edges = np.linspace(1.5 * math.pi, 4.5 * math.pi, 61)
    return sum(quad(density, a, b, epsabs=0, epsrel=1e-11)[0] for a, b in pairwise(edges))


def roll_points() -> Tensor:
    """On the curve, beside it, at its two ends, and ten σ beyond the outer one."""
    on = swiss_roll(16).draw(6, generator()).double()
    ends = torch.tensor([[0.0, -1.5 * math.pi / 7.5], [0.0, 4.5 * math.pi / 7.5]], dtype=torch.float64)
    return torch.cat([on, on + 0.1, ends, ends[1:] + torch.tensor([0.0, 10 * 0.25 / 7.5])])


def test_swiss_roll_density_is_the_integral() -> None:
    expected = np.log([roll_density(x) for x in roll_points().numpy()])
    np.testing.assert_allclose(swiss_roll().log_density(roll_points()), expected, atol=1e-9)


def test_swiss_roll_quadrature_has_converged() -> None:
    x = torch.cat([swiss_roll(16).draw(500, generator()).double(), roll_points()])
    fine = swiss_roll(3000).log_density(x)
    assert (swiss_roll().log_density(x) - fine).abs().max() < 1e-9
    assert (swiss_roll(256).log_density(x) - fine).abs().max() > 1e-3


CELL = 0.8 * 0.25 / 7.5
"""Side of a grid cell, .8 σ: fine enough for the trapezoid rule to be exact on Gaussians."""


@pytest.fixture(scope="module")
def roll_on_grid() -> Tensor:
    """Log density on a grid that holds all of the roll."""
    axis = CELL * torch.arange(-90, 91, dtype=torch.float64)
    return swiss_roll().log_density(torch.cartesian_prod(axis, axis))


def test_swiss_roll_density_integrates_to_one(roll_on_grid: Tensor) -> None:
    assert roll_on_grid.exp().sum().item() * CELL**2 == pytest.approx(1, abs=1e-8)


def test_swiss_roll_draws_are_scikit_learns() -> None:
    theirs = make_swiss_roll(20_000, noise=0.25, random_state=0)[0][:, [0, 2]] / 7.5
    ours = swiss_roll(16).draw(20_000, generator()).numpy()
    for project in (
        lambda x: x[:, 0],
        lambda x: x[:, 1],
        lambda x: np.hypot(*x.T),
        lambda x: x @ [0.6, -0.8],
    ):
        assert ks_2samp(project(theirs), project(ours)).pvalue > 0.01


def test_swiss_roll_entropy_agrees_between_draws_and_density(roll_on_grid: Tensor) -> None:
    entropy = -(roll_on_grid.exp() * roll_on_grid).sum().item() * CELL**2
    roll: SwissRoll = swiss_roll()
    drawn = -roll.log_density(roll.draw(10_000, generator()).double())
    assert drawn.mean().item() == pytest.approx(entropy, abs=4 * drawn.std().item() / math.sqrt(10_000))
