"""A discriminator, or a critic, that is trained to tell two known distributions apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genbench.engine.trained import Trained
from genbench.models.model import Draws, Loss, Model, Nets, Noise, Phase, Update
from genbench.nn.mlp import mlp
from genbench.ops.adversarial import CriticLoss, gradient_penalty, logistic_critic
from genbench.ops.optim import adam
from genbench.tasks.task import Task

Sampler = Callable[[Tensor, Tensor], Tensor]
"""Maps uniform (B,) and normal (B, d) numbers to samples (B, d)."""


def mixture(centers: Sequence[Sequence[float]], sigma: float) -> Sampler:
    """Sampler of an equal mixture of isotropic Gaussians; the uniform number picks the centre."""
    places = torch.tensor(centers, dtype=torch.float32)
    return lambda uniform, normal: places[(uniform * len(places)).long()] + sigma * normal


@dataclass(frozen=True)
class TwoDistributions(Model):
    """A dense net that is trained to part samples of `p` from samples of `q`, fresh ones at every step.

    Attributes:
        depth: hidden layers with smooth units; 0 for a linear classifier.
        penalty: weight of the gradient penalty; for critics.
    """

    p: Sampler
    q: Sampler
    loss: CriticLoss = logistic_critic
    width: int = 64
    depth: int = 2
    rate: float = 2e-3
    penalty: float = 0.0

    def nets(self, task: Task) -> dict[str, nn.Module]:
        body = mlp([task.dim, *[self.width] * self.depth, 1], nn.SiLU)
        return {"critic": nn.Sequential(*body, nn.Flatten(0))}

    def noise(self, task: Task, batch: int) -> dict[str, Noise]:
        places, spread = Noise("uniform", (batch,)), Noise("normal", (batch, task.dim))
        return {"u_p": places, "u_q": places, "z_p": spread, "z_q": spread, "mix": places}

    def phases(self, task: Task) -> Sequence[Phase]:
        """Three stretches with a falling rate, so that the net comes to rest."""
        rates = [self.rate, self.rate / 4, self.rate / 16]
        return [Phase([Update("critic", self.part, adam(rate, (0.9, 0.999)))]) for rate in rates]

    def part(self, nets: Nets, x: Tensor, noise: Draws) -> Loss:
        """The loss on one fresh batch of each."""
        real, fake = self.p(noise["u_p"], noise["z_p"]), self.q(noise["u_q"], noise["z_q"])
        value = self.loss(nets["critic"](real), nets["critic"](fake))
        if self.penalty:
            value = value + self.penalty * gradient_penalty(nets["critic"], real, fake, noise["mix"])
        return Loss(value)


def no_data(dim: int) -> Task:
    """A task for models that draw all they need as noise."""
    return Task("none", "points", torch.zeros(1, dim), torch.zeros(1, dim), ())


@torch.no_grad()
def scores(trained: Trained, row: int, x: Tensor) -> Tensor:
    """What a seed's critic says of points (n, d), in double precision."""
    found: Tensor = trained.nets[row]["critic"](x.float())
    return found.double()
