"""A game all of whose parts can be broken one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor, nn

from genbench.models.capabilities import Latent, Probed
from genbench.models.gan import Gan
from genbench.models.model import Model, Nets, Phase, Sampler
from genbench.models.penalties import gradient_penalty
from genbench.nn.dcgan import halvings
from genbench.nn.mlp import mlp
from genbench.ops import adversarial as games
from genbench.ops.optim import Optimizer, adam, rmsprop, sgd
from genbench.tasks.task import Task

LOSSES: Mapping[str, tuple[games.CriticLoss, games.GeneratorLoss, float]] = {
    "non-saturating": (games.logistic_critic, games.non_saturating, 0.0),
    "saturating": (games.logistic_critic, games.saturating, 0.0),
    "least-squares": (games.least_squares_critic, games.least_squares_generator, 0.5),
    "wasserstein": (games.wasserstein_critic, games.negative_mean, 0.0),
    "hinge": (games.hinge_critic, games.negative_mean, 0.0),
}
ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky": lambda: nn.LeakyReLU(0.2),
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


@dataclass(frozen=True)
class Game(Model, Latent, Probed):
    """A GAN all of whose parts can be broken one by one.

    Attributes:
        hidden, critic_hidden: widths of the hidden layers.
        kernel: side of the transposed convolutions, of stride 2, that make the generator's images; None for
            dense layers. Where the stride does not divide it, they overlap unevenly (Odena et al. 2016).
        pretraining: share of the run in which only the critic learns.
        gain: factor on all initial weights.
        shift: added to the initial biases of all hidden layers.
    """

    loss: str = "non-saturating"
    optimizer: str = "adam"
    rate: float = 1e-3
    critic_rate: float = 1e-3
    beta1: float = 0.5
    critic_steps: int = 1
    penalty: float = 0.0
    clip: float | None = None
    latent: int = 2
    hidden: tuple[int, ...] = (64, 64)
    critic_hidden: tuple[int, ...] = (64, 64)
    kernel: int | None = None
    activation: str = "relu"
    critic_activation: str = "leaky"
    pretraining: float = 0.0
    gain: float = 1.0
    shift: float = 0.0

    def nets(self, task: Task) -> dict[str, nn.Module]:
        critic = mlp([math.prod(task.shape), *self.critic_hidden, 1], ACTIVATIONS[self.critic_activation])
        made: dict[str, nn.Module] = {
            "generator": self._generator(task),
            "critic": nn.Sequential(nn.Flatten(), *critic, nn.Flatten(0)),
        }
        for net in made.values():
            for parameter in net.parameters():
                parameter.data.mul_(self.gain)
            biases = [p for name, p in net.named_parameters() if name.endswith("bias")]
            for bias in biases[:-1]:
                bias.data.add_(self.shift)
        return made

    def _generator(self, task: Task) -> nn.Sequential:
        activation = ACTIVATIONS[self.activation]
        if self.kernel is not None:
            return upsampling(self.latent, self.hidden, task.shape, self.kernel, activation)
        output: nn.Module = nn.Tanh() if task.kind == "images" else nn.Identity()
        body = mlp([self.latent, *self.hidden, math.prod(task.shape)], activation)
        return nn.Sequential(*body, output, nn.Unflatten(1, task.shape))

    def phases(self, task: Task) -> Sequence[Phase]:
        (both,) = self._gan.phases(task)
        if not self.pretraining:
            return [both]
        return [Phase(both.updates[:1], self.pretraining), replace(both, share=1 - self.pretraining)]

    def sampler(self, task: Task) -> Sampler:
        return self._gan.sampler(task)

    def probe(self, task: Task, nets: Nets, real: Tensor, generated: Tensor) -> Mapping[str, Tensor]:
        return self._gan.probe(task, nets, real, generated)

    def generator_loss(self, fake: Tensor, real: games.RealScores) -> Tensor:
        """The generator's loss, a scalar, on scores (B,), as an `ops.adversarial.GeneratorLoss`."""
        return LOSSES[self.loss][1](fake, real)

    @cached_property
    def _gan(self) -> Gan:
        critic_loss, generator_loss, threshold = LOSSES[self.loss]
        return Gan(
            critic_loss,
            generator_loss,
            self._optimizer(self.critic_rate),
            self._optimizer(self.rate),
            critic_steps=self.critic_steps,
            penalty=gradient_penalty(self.penalty),
            clip=self.clip,
            threshold=threshold,
            latent=self.latent,
        )

    def _optimizer(self, rate: float) -> Optimizer:
        if self.optimizer == "adam":
            return adam(rate, (self.beta1, 0.999))
        if self.optimizer == "momentum":
            return sgd(rate, 0.9)
        return rmsprop(rate) if self.optimizer == "rmsprop" else sgd(rate)


def upsampling(
    latent: int,
    hidden: tuple[int, ...],
    shape: tuple[int, ...],
    kernel: int,
    activation: Callable[[], nn.Module],
) -> nn.Sequential:
    """A dense layer, then transposed convolutions of stride 2; `hidden` are their numbers of channels.

    (B, latent) → (B, *shape). An image is doubled as often as its side halves, with as many channels in
    `hidden`; the last convolution gives the image itself.
    """
    side = shape[-1] >> halvings(shape[-1])
    odd = kernel % 2
    layers: list[nn.Module] = [nn.Linear(latent, hidden[0] * side**2), activation()]
    layers += [nn.Unflatten(1, (hidden[0], side, side))]
    for inputs, outputs in zip(hidden, (*hidden[1:], shape[0]), strict=True):
        padding = (kernel - 2 + odd) // 2
        layers += [nn.ConvTranspose2d(inputs, outputs, kernel, 2, padding, odd), activation()]
    return nn.Sequential(*layers[:-1], nn.Tanh())
