"""Losses of adversarial games, on the scores (logits) that a critic gives.

The critic's losses take the scores of one seed's real and generated batch, shape (B,); the generator's
take the scores of its batch, and a way to those of a real one. All are minimised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import softplus

CriticLoss = Callable[[Tensor, Tensor], Tensor]
"""Scores (B,) of real and of generated data → scalar."""

RealScores = Callable[[], Tensor]
"""Gives the scores (B,) of a real batch, which are not computed before a loss asks for them."""


class GeneratorLoss(Protocol):
    """What the generator descends; relativistic losses ask for the real scores, most do not."""

    def __call__(self, fake: Tensor, real: RealScores, /) -> Tensor:
        """A scalar, of the scores (B,) of generated data, and a function that gives the (B,) of real data."""
        ...


def logistic_critic(real: Tensor, fake: Tensor) -> Tensor:
    """−E log D(x) − E log(1 − D(G(z))), with D = sigmoid(score) (Goodfellow et al. 2014, eq. 1).

    Shapes (B,), (B,) → scalar.
    """
    return softplus(-real).mean() + softplus(fake).mean()


def smoothed_critic(real_target: float, fake_target: float, real: Tensor, fake: Tensor) -> Tensor:
    """`logistic_critic` with soft labels t: −E t log D − E (1 − t) log(1 − D), on real and on generated data.

    Targets 1 − ε and 0 smooth one side (Salimans et al. 2016, section 3.4), 1 − ε and ε both. Shapes (B,),
    (B,) → scalar.
    """
    on_real = real_target * softplus(-real) + (1 - real_target) * softplus(real)
    on_fake = fake_target * softplus(-fake) + (1 - fake_target) * softplus(fake)
    return on_real.mean() + on_fake.mean()


def saturating(fake: Tensor, real: RealScores | None = None) -> Tensor:
    """E log(1 − D(G(z))), the minimax generator loss (Goodfellow et al. 2014, eq. 1).

    Its gradient vanishes where D is sure; `non_saturating` is the one to train with. Shape (B,) → scalar.
    """
    return -softplus(fake).mean()


def non_saturating(fake: Tensor, real: RealScores | None = None) -> Tensor:
    """−E log D(G(z)) (Goodfellow et al. 2014, section 3), (B,) → scalar."""
    return softplus(-fake).mean()


def least_squares_critic(real: Tensor, fake: Tensor) -> Tensor:
    """½ E (D(x) − 1)² + ½ E D(G(z))² (Mao et al. 2017, eq. 9), (B,), (B,) → scalar."""
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def least_squares_generator(fake: Tensor, real: RealScores | None = None) -> Tensor:
    """½ E (D(G(z)) − 1)² (Mao et al. 2017, eq. 9), (B,) → scalar."""
    return (fake - 1).square().mean() / 2


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E f(G(z)) − E f(x), minus the dual form of W1 if f is 1-Lipschitz (Arjovsky et al. 2017, eq. 3).

    Shapes (B,), (B,) → scalar.
    """
    return fake.mean() - real.mean()


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 − f(x)) + E max(0, 1 + f(G(z))) (Lim & Ye 2017, arXiv:1705.02894), (B,), (B,) → scalar."""
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


def negative_mean(fake: Tensor, real: RealScores | None = None) -> Tensor:
    """−E f(G(z)), the generator of Wasserstein and hinge games (Arjovsky et al. 2017), (B,) → scalar."""
    return -fake.mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    mix: Tensor,
    input_gradient: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """E (‖∇f(x̂)‖₂ − 1)², a scalar, on lines between real and generated points (Gulrajani et al. 2017, eq. 3).

    Args:
        critic: maps (B, *shape) to scores (B,). Batch norm in it makes ∇f(x̂ᵢ) depend on the other samples,
            and the penalty meaningless.
        real, fake: paired batches, (B, *shape).
        mix: uniform on [0, 1), one number a pair, (B,).
        input_gradient: ∇f, (B, *shape) → (B, *shape), where the critic has it in closed form; None
            differentiates it.
    """
    mix = mix.reshape(-1, *[1] * (real.dim() - 1))
    between = mix * real + (1 - mix) * fake
    # The tiny constant keeps the square root's derivative finite where the critic is flat.
    norm = (_squared_slopes(critic, between, input_gradient) + 1e-12).sqrt()
    return (norm - 1).square().mean()


def zero_centred_penalty(
    critic: Callable[[Tensor], Tensor],
    x: Tensor,
    input_gradient: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """E ‖∇f(x)‖₂², a scalar, at points (B, *shape); R1 if they are data (Mescheder et al. 2018, eq. 9).

    Args:
        critic, input_gradient: as in `gradient_penalty`, batch norm included.
    """
    return _squared_slopes(critic, x, input_gradient).mean()


def _squared_slopes(
    critic: Callable[[Tensor], Tensor], x: Tensor, input_gradient: Callable[[Tensor], Tensor] | None
) -> Tensor:
    """‖∇f(x)‖₂² of each example, (B, *shape) → (B,)."""
    input_gradient = input_gradient or torch.func.grad(lambda x: critic(x).sum())
    return input_gradient(x).flatten(1).square().sum(1)
