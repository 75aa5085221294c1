"""Losses of the games against their formulas, and their values at known optima."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from genbench.nn.mlp import dense_critic
from genbench.ops import adversarial as games

REAL, FAKE = torch.randn(2, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
ONES, ZEROS = torch.ones_like(REAL), torch.zeros_like(REAL)


def test_losses_are_the_textbook_cross_entropies():
    logistic = binary_cross_entropy_with_logits(REAL, ONES) + binary_cross_entropy_with_logits(FAKE, ZEROS)
    torch.testing.assert_close(games.logistic_critic(REAL, FAKE), logistic)
    torch.testing.assert_close(games.non_saturating(FAKE), binary_cross_entropy_with_logits(FAKE, ONES))
    torch.testing.assert_close(games.saturating(FAKE), (1 - torch.sigmoid(FAKE)).log().mean())


def test_least_squares_and_wasserstein():
    expected = (mse_loss(REAL, ONES) + mse_loss(FAKE, ZEROS)) / 2
    torch.testing.assert_close(games.least_squares_critic(REAL, FAKE), expected)
    torch.testing.assert_close(games.least_squares_generator(FAKE), mse_loss(FAKE, ONES) / 2)
    torch.testing.assert_close(games.wasserstein_critic(REAL, FAKE), FAKE.mean() - REAL.mean())
    torch.testing.assert_close(games.negative_mean(FAKE), -FAKE.mean())


def test_value_at_the_optimum_is_log_four():
    undecided = torch.zeros(8)
    assert games.logistic_critic(undecided, undecided).item() == pytest.approx(math.log(4))


def test_saturating_gradient_vanishes_where_the_critic_is_sure():
    sure = torch.full((8,), -20.0, requires_grad=True)
    (flat,) = torch.autograd.grad(games.saturating(sure), sure)
    (steep,) = torch.autograd.grad(games.non_saturating(sure), sure)
    assert flat.abs().max() < 1e-8
    torch.testing.assert_close(steep, torch.full((8,), -1 / 8))


def test_losses_stay_finite_for_extreme_scores():
    extreme = torch.tensor([-1e4, 1e4])
    for value in (
        games.logistic_critic(extreme, extreme),
        games.saturating(extreme),
        games.non_saturating(extreme),
    ):
        assert value.isfinite()


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0, 3.0])
def test_penalty_of_a_linear_critic_is_exact(slope):
    direction = torch.tensor([0.6, 0.8]) * slope
    real, fake, mix = torch.randn(16, 2), torch.randn(16, 2), torch.rand(16)
    penalty = games.gradient_penalty(lambda x: x @ direction, real, fake, mix)
    assert penalty.item() == pytest.approx((slope - 1) ** 2, abs=1e-5)


def test_penalty_is_taken_between_real_and_fake():
    real, fake = torch.zeros(5, 2), torch.ones(5, 2)
    mix = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])
    value = games.gradient_penalty(lambda x: (x**2).sum(1), real, fake, mix)
    between = (1 - mix)[:, None].expand(5, 2)
    torch.testing.assert_close(value, ((2 * between).norm(dim=1) - 1).square().mean(), atol=1e-4, rtol=0)


def test_penalty_has_a_gradient_in_the_critic():
    weight = torch.tensor([2.0, 0.0], requires_grad=True)
    penalty = games.gradient_penalty(lambda x: x @ weight, torch.zeros(4, 2), torch.ones(4, 2), torch.rand(4))
    (gradient,) = torch.autograd.grad(penalty, weight)
    torch.testing.assert_close(gradient, torch.tensor([2.0, 0.0]))


def test_hinge_loss_and_its_margins():
    assert games.hinge_critic(torch.zeros(8), torch.zeros(8)) == 2
    expected = (1 - REAL).clamp_min(0).mean() + (1 + FAKE).clamp_min(0).mean()
    torch.testing.assert_close(games.hinge_critic(REAL, FAKE), expected)
    real, fake = torch.full((4,), 1.5, requires_grad=True), torch.full((4,), -1.5, requires_grad=True)
    slopes = torch.autograd.grad(games.hinge_critic(real, fake), (real, fake))
    assert not any(slope.any() for slope in slopes), "nothing is left to learn beyond the margins"


@pytest.mark.parametrize("slope", [0.0, 0.25, 3.0])
def test_zero_centred_penalty_of_a_linear_critic_is_its_squared_slope(slope):
    direction = torch.tensor([0.6, 0.8]) * slope
    penalty = games.zero_centred_penalty(lambda x: x @ direction, torch.randn(16, 2))
    assert penalty.item() == pytest.approx(slope**2, abs=1e-6)


def test_zero_centred_penalty_is_what_autograd_finds():
    """Against ∂f/∂x taken example by example, in value and in the gradient of the weights."""
    torch.manual_seed(0)
    critic = dense_critic((3,), 8, 2).double()
    x = torch.randn(5, 3, dtype=torch.float64)
    rows = torch.stack([torch.autograd.functional.jacobian(lambda a: critic(a[None])[0], row) for row in x])
    weights = [critic[i].weight for i in (1, 3, 5)]
    found = [games.zero_centred_penalty(critic, x, own) for own in (None, critic.input_gradient)]
    slopes = [torch.autograd.grad(value, weights) for value in found]
    for value in found:
        torch.testing.assert_close(value.detach(), rows.square().sum(1).mean())
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other)
