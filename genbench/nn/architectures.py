"""Pairs of a generator and a critic that belong together, as records of their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import nn

from genbench.nn import dcgan
from genbench.nn.mlp import dense_critic, dense_generator
from genbench.nn.pacgan import maxout_critic, norm_generator
from genbench.nn.spectral import spectrally_normalised


class Architecture(Protocol):
    """How the two nets of an adversarial game are built, for examples of each shape it does not refuse."""

    def refuses(self, shape: tuple[int, ...]) -> str | None:
        """Why the nets cannot be built for examples of `shape`, as a phrase; None if they can."""
        ...

    def generator(self, latent: int, shape: tuple[int, ...], output: nn.Module) -> nn.Module:
        """A fresh net (B, latent) → (B, *shape), with `output` behind its last layer."""
        ...

    def critic(self, shape: tuple[int, ...]) -> nn.Module:
        """A fresh net (B, *shape) → (B,).

        It may have a method ``input_gradient``, ∇f in closed form, (B, *shape) → (B, *shape), which gradient
        penalties then take; not so where examples of a batch depend on each other.
        """
        ...


@dataclass(frozen=True)
class Dense:
    """Dense layers with ReLU in the generator and LeakyReLU in the critic.

    Attributes:
        width: units a hidden layer.
        critic_width: the same of the critic alone; None for as wide as the generator.
        depth: hidden layers.
        minibatch_kernels: of minibatch discrimination in the critic; 0 for none.
        spectral_norm: the critic's weights are divided by their largest singular value, see `nn.spectral`.
    """

    width: int = 128
    critic_width: int | None = None
    depth: int = 2
    minibatch_kernels: int = 0
    spectral_norm: bool = False

    def refuses(self, shape: tuple[int, ...]) -> str | None:
        return None

    def generator(self, latent: int, shape: tuple[int, ...], output: nn.Module) -> nn.Module:
        return dense_generator(latent, shape, self.width, self.depth, output)

    def critic(self, shape: tuple[int, ...]) -> nn.Module:
        critic = dense_critic(shape, self.critic_width or self.width, self.depth, self.minibatch_kernels)
        return spectrally_normalised(critic) if self.spectral_norm else critic


DENSE = Dense()


@dataclass(frozen=True)
class Convolutional:
    """Convolutions by the rules of DCGAN; the image's side decides how many.

    Attributes:
        width: channels of the widest image layer.
        critic_width: the same of the critic alone; None for as wide as the generator.
        rules: how the nets are built.
        spectral_norm: the critic's weights are divided by their largest singular value, see `nn.spectral`.
    """

    width: int = 128
    critic_width: int | None = None
    rules: dcgan.Rules = dcgan.DCGAN
    spectral_norm: bool = False

    def refuses(self, shape: tuple[int, ...]) -> str | None:
        return dcgan.supports(shape)

    def generator(self, latent: int, shape: tuple[int, ...], output: nn.Module) -> nn.Module:
        return dcgan.conv_generator(latent, shape, self.width, output, self.rules)

    def critic(self, shape: tuple[int, ...]) -> nn.Module:
        critic = dcgan.conv_critic(shape, self.critic_width or self.width, self.rules)
        return spectrally_normalised(critic) if self.spectral_norm else critic


@dataclass(frozen=True)
class PacGan:
    """Dense layers with batch norm in the generator and maxout units in the critic.

    The critic is half as wide as it is said to be, and has one layer less than the generator.

    Attributes:
        width: units a hidden layer.
        critic_width: twice the units of the critic's; None for half as many as the generator has.
        depth: hidden layers of the generator.
        spectral_norm: the critic's weights are divided by their largest singular value, see `nn.spectral`.
    """

    width: int = 128
    critic_width: int | None = None
    depth: int = 2
    spectral_norm: bool = False

    def refuses(self, shape: tuple[int, ...]) -> str | None:
        return None

    def generator(self, latent: int, shape: tuple[int, ...], output: nn.Module) -> nn.Module:
        return norm_generator(latent, shape, self.width, self.depth, output)

    def critic(self, shape: tuple[int, ...]) -> nn.Module:
        critic = maxout_critic(shape, (self.critic_width or self.width) // 2, self.depth - 1)
        return spectrally_normalised(critic) if self.spectral_norm else critic


@dataclass(frozen=True)
class Unbuildable:
    """No nets at all, for sizes that contradict each other: it refuses every shape, with the reason."""

    reason: str

    def refuses(self, shape: tuple[int, ...]) -> str | None:
        return self.reason

    def generator(self, latent: int, shape: tuple[int, ...], output: nn.Module) -> nn.Module:
        raise ValueError(self.reason)

    def critic(self, shape: tuple[int, ...]) -> nn.Module:
        raise ValueError(self.reason)
