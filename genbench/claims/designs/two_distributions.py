"""A discriminator, or a critic, that is trained to tell two known distributions apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genbench.engine.trained import Trained
from genbench.models.model import Batch, Draw, Loss, Model, Nets, Noise, Phase, Sampler, Update
from genbench.nn.mlp import mlp
from genbench.ops.adversarial import CriticLoss, gradient_penalty, logistic_critic
from genbench.ops.optim import adam
from genbench.tasks.task import Task

PointSampler = Callable[[Tensor, Tensor], Tensor]
"""Maps uniform (B,) and normal (B, d) numbers to samples (B, d)."""


def mixture(centers: Sequence[Sequence[float]], sigma: float) -> PointSampler:
    """Samples of an equal mixture of isotropic Gaussians; the uniform number picks the centre."""
    places = torch.tensor(centers, dtype=torch.float32)
    return lambda uniform, normal: places[(uniform * len(places)).long()] + sigma * normal


@dataclass(frozen=True)
class TwoDistributions(Model):
    """A dense net that is trained to part samples of `p` from samples of `q`, fresh ones at every step.

    Attributes:
        depth: hidden layers with smooth units; 0 for a linear classifier.
        penalty: weight of the gradient penalty; for critics.
    """

    p: PointSampler
    q: PointSampler
    loss: CriticLoss = logistic_critic
    width: int = 64
    depth: int = 2
    rate: float = 2e-3
    penalty: float = 0.0

    def nets(self, task: Task) -> dict[str, nn.Module]:
        body = mlp([task.dim, *[self.width] * self.depth, 1], nn.SiLU)
        return {"critic": nn.Sequential(*body, nn.Flatten(0))}

    def phases(self, task: Task) -> Sequence[Phase]:
        """Three stretches with a falling rate, so that the net comes to rest."""
        choice, spread = Noise("uniform"), Noise("normal", (task.dim,))
        noise = {"u_p": choice, "u_q": choice, "z_p": spread, "z_q": spread, "mix": choice}
        rates = [self.rate, self.rate / 4, self.rate / 16]
        return [Phase([Update(self.part, {"critic": adam(rate, (0.9, 0.999))}, noise)]) for rate in rates]

    def sampler(self, task: Task) -> Sampler:
        """Samples of `q`, which nothing is learned of."""
        noise = {"u_q": Noise("uniform"), "z_q": Noise("normal", (task.dim,))}
        return Sampler(Draw(noise, lambda nets, drawn, c: self.q(drawn["u_q"], drawn["z_q"])))

    def part(self, nets: Nets, batch: Batch) -> Loss:
        """The loss on one fresh batch of each."""
        noise = batch.noise
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
