"""Variational autoencoders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from genbench.models.model import DirectSampler, Draws, Loss, Model, Nets, Noise, Phase, Update
from genbench.nn.vae import Vae as VaeNet
from genbench.ops.optim import adam
from genbench.ops.variational import (
    bernoulli_log_likelihood,
    gaussian_kl,
    gaussian_log_density,
    reparameterise,
)
from genbench.registry import models
from genbench.tasks.task import Task

Decoder = Literal["bernoulli", "gaussian"]


@models.register("vae", cite="kingma2014vae")
@dataclass(frozen=True)
class Vae(Model, DirectSampler):
    """Variational autoencoder, Bernoulli decoder for images and Gaussian for points.

    Descends −ELBO = E_q[−log p(x | z)] + β KL(q(z | x) ‖ N(0, I)) with one draw of z an example. The sizes
    are those of the common MNIST example (784–400–20); the paper itself trains with Adagrad.

    Attributes:
        beta: weight of the KL term; 1 is the bound itself.
        decoder: what p(x | z) is; None chooses by the kind of data.
    """

    latent: int = 20
    width: int = 400
    depth: int = 1
    rate: float = 1e-3
    beta: float = 1.0
    decoder: Decoder | None = None

    def refuses(self, task: Task) -> str | None:
        if self.decoder == "bernoulli" and task.kind == "points":
            return "a Bernoulli decoder needs data in [0, 1]"
        return None

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"vae": VaeNet(task.shape, self.latent, self.width, self.depth, self._gaussian(task))}

    def noise(self, task: Task, batch: int) -> dict[str, Noise]:
        return {"posterior": Noise("normal", (batch, self.latent))}

    def phases(self, task: Task) -> Sequence[Phase]:
        gaussian = self._gaussian(task)

        def loss(nets: Nets, x: Tensor, noise: Draws) -> Loss:
            return self.negative_elbo(nets, x, noise["posterior"], gaussian)

        return [Phase([Update("vae", loss, adam(self.rate))])]

    def negative_elbo(self, nets: Nets, x: Tensor, posterior: Tensor, gaussian: bool) -> Loss:
        """Batch mean of the two terms, in nats an example."""
        mean, log_variance = nets["vae"].encode(x)
        z = reparameterise(mean, log_variance, posterior)
        if gaussian:
            fit = gaussian_log_density(x, *nets["vae"].decode_gaussian(z))
        else:
            fit = bernoulli_log_likelihood(x, nets["vae"].decode(z))
        kl = gaussian_kl(mean, log_variance).sum(1)
        value = (self.beta * kl - fit).mean()
        return Loss(value, {"vae/loss": value, "vae/reconstruction_error": -fit.mean(), "vae/kl": kl.mean()})

    def sample_noise(self, task: Task, n: int) -> dict[str, Noise]:
        prior = Noise("normal", (n, self.latent))
        return {"z": prior, "x": Noise("normal", (n, *task.shape))} if self._gaussian(task) else {"z": prior}

    def sample(self, task: Task, nets: Nets, noise: Draws) -> Tensor:
        """Draws from p(x | z) for points; its mean for images, as is the custom."""
        if not self._gaussian(task):
            return torch.sigmoid(nets["vae"].decode(noise["z"]))
        mean, log_variance = nets["vae"].decode_gaussian(noise["z"])
        if task.kind == "images":
            return mean.clamp(0, 1)
        return reparameterise(mean, log_variance, noise["x"])

    def _gaussian(self, task: Task) -> bool:
        return task.kind == "points" if self.decoder is None else self.decoder == "gaussian"
