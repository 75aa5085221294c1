"""Penalties on a critic, as arguments to `Gan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from genbench.models.model import Draws, Noise
from genbench.ops import adversarial as games


class Term(Protocol):
    """What a penalty measures, of a critic and a batch."""

    def __call__(self, critic: Any, real: Tensor, fake: Tensor, noise: Draws, /) -> Tensor:
        """A scalar, of the critic (B, *shape) → (B,), paired batches (B, *shape) and the drawn noise."""
        ...


@dataclass(frozen=True)
class Penalty:
    """A term that is added to the critic's loss.

    Attributes:
        of: what is measured; recorded as ``critic/penalty``.
        weight: its factor λ; 0 for no penalty, which draws no noise either.
        noise: what the term needs for an example.
    """

    of: Term
    weight: float
    noise: Mapping[str, Noise] = field(default_factory=dict, hash=False)


def slope_on_lines(critic: Any, real: Tensor, fake: Tensor, noise: Draws) -> Tensor:
    """`ops.adversarial.gradient_penalty` with noise ``mix``, shape (B,): a scalar, of batches (B, *shape).

    The critic's `input_gradient`, (B, *shape) → (B, *shape), is taken where it has one.
    """
    return games.gradient_penalty(critic, real, fake, noise["mix"], getattr(critic, "input_gradient", None))


def gradient_penalty(weight: float) -> Penalty:
    """The penalty on slopes other than 1 between real and generated points (Gulrajani et al. 2017)."""
    return Penalty(slope_on_lines, weight, {"mix": Noise("uniform")})


def slope_at_data(critic: Any, real: Tensor, fake: Tensor, noise: Draws) -> Tensor:
    """`ops.adversarial.zero_centred_penalty` at real data: a scalar, of batches (B, *shape).

    The critic's `input_gradient`, (B, *shape) → (B, *shape), is taken where it has one.
    """
    return games.zero_centred_penalty(critic, real, getattr(critic, "input_gradient", None))


def r1_penalty(gamma: float) -> Penalty | None:
    """R1, γ/2 E ‖∇f(x)‖² at real data (Mescheder et al. 2018); None where γ is 0.

    ``critic/penalty`` records the expectation, without its factor.
    """
    return Penalty(slope_at_data, gamma / 2) if gamma else None
