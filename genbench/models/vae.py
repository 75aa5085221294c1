"""Variational autoencoders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from genbench.models.capabilities import Encoder, ImportanceWeighted, Latent, Probed
from genbench.models.model import Batch, Draw, Draws, Loss, Model, Nets, Noise, Phase, Sampler, Update
from genbench.models.tuned import TUNED
from genbench.nn.vae import Vae as VaeNet
from genbench.ops.optim import Optimizer, adam, chain, piecewise_constant, scale_by_schedule
from genbench.ops.variational import (
    bernoulli_log_likelihood,
    gaussian_kl,
    gaussian_log_density,
    reparameterise,
)
from genbench.registry import models
from genbench.tasks.task import Task

ACTIVE_VARIANCE = 0.01
"""A latent unit is used if its mean varies by more over the data (Burda et al. 2016, section 5.2)."""

CARRYING_NATS = 0.05
"""From so many nats on a latent unit carries something of an example."""

WARM_UP_STEPS = 10
"""Stairs in which a growing β reaches its end."""

Decoder = Literal["bernoulli", "gaussian"]
Activation = Literal["relu", "tanh"]
Growth = Callable[[Tensor], Tensor | float]
"""Share of the phase that is over, shape () → β."""


@models.register("vae", cite="kingma2014vae", tuned=TUNED["vae"])
@dataclass(frozen=True)
class Vae(Model, Latent, Encoder, ImportanceWeighted, Probed):
    """Variational autoencoder, Bernoulli decoder for images and Gaussian for points.

    Descends −ELBO = E_q[−log p(x | z)] + β KL(q(z | x) ‖ N(0, I)) with one draw of z an example. The sizes
    are those of the common MNIST example (784–400–20); the paper itself trains with Adagrad.

    Attributes:
        beta: weight of the KL term; 1 is the bound itself.
        reconstruction: weight of the other term; 0 leaves the KL alone.
        deterministic: codes are the means of q(z | x), without noise. With `beta` 0 this is a plain
            autoencoder, whose likelihoods and samples mean nothing.
        warm_up: share of the run in which β grows, in ten stairs from a tenth of `beta` (Bowman et al. 2016
            grow it gradually); see `restarts`.
        free_bits: nats λ below which a unit's mean KL costs nothing more: Σ_j max(λ, KL_j) (Kingma et al.
            2016, arXiv:1606.04934, section C.8).
        decoder: what p(x | z) is; None chooses by the kind of data.
        activation, glorot: of the hidden layers, and how their weights start; see `nn.vae.Vae`.
        eps: Adam's.
        stages: stretches of training, the i-th 3^i times as long as the first and at rate · 10^(−i/7)
            (Burda et al. 2016, with eight); see `restarts`.
        dynamic_binarization: images are drawn from their grey values anew at every step.
        restarts: every stair and stage starts Adam anew. If not, the run is one stretch: β grows in a line
            from 0 to `beta` in the share `warm_up`, and the rate alone falls from stage to stage.
    """

    latent: int = 20
    width: int = 400
    depth: int = 1
    rate: float = 1e-3
    beta: float = 1.0
    reconstruction: float = 1.0
    deterministic: bool = False
    warm_up: Annotated[float, Field(ge=0, lt=1)] = 0.0
    free_bits: float = 0.0
    decoder: Decoder | None = None
    activation: Activation = "relu"
    glorot: bool = False
    eps: float = 1e-8
    stages: PositiveInt = 1
    dynamic_binarization: bool = False
    restarts: bool = True

    def refuses(self, task: Task) -> str | None:
        if self.decoder == "bernoulli" and task.kind == "points":
            return "a Bernoulli decoder needs data in [0, 1]"
        if self.dynamic_binarization and task.kind == "points":
            return "only images can be drawn from their grey values"
        return None

    def nets(self, task: Task) -> dict[str, nn.Module]:
        activation = nn.Tanh if self.activation == "tanh" else nn.ReLU
        sizes = (task.shape, self.latent, self.width, self.depth)
        return {"vae": VaeNet(*sizes, self._gaussian(task), activation, self.glorot)}

    def phases(self, task: Task) -> Sequence[Phase]:
        lengths = [3**i for i in range(self.stages)]
        if not self.restarts:
            return [self._phase(task, 1.0, self._slowing(lengths), self.growing_beta)]
        stair = sum(lengths) * self.warm_up / (1 - self.warm_up) / WARM_UP_STEPS
        growing = [self.beta * (i + 1) / WARM_UP_STEPS for i in range(WARM_UP_STEPS)] if self.warm_up else []
        planned = [(stair, self.rate, beta) for beta in growing]
        planned += [(n, self.rate * 10 ** (-i / 7), self.beta) for i, n in enumerate(lengths)]
        return [
            self._phase(task, share, adam(rate, eps=self.eps), _always(beta)) for share, rate, beta in planned
        ]

    def _phase(self, task: Task, share: float, optimizer: Optimizer, beta: Growth) -> Phase:
        gaussian = self._gaussian(task)

        def objective(nets: Nets, batch: Batch) -> Loss:
            x = batch.x
            x = (batch.noise["data"] < x).to(x.dtype) if self.dynamic_binarization else x
            return self.negative_elbo(nets, x, batch.noise["posterior"], gaussian, beta(batch.progress))

        noise = {"posterior": Noise("normal", (self.latent,))}
        noise |= {"data": Noise("uniform", task.shape)} if self.dynamic_binarization else {}
        return Phase([Update(objective, {"vae": optimizer}, noise)], share)

    def _slowing(self, lengths: Sequence[int]) -> Optimizer:
        """Adam whose rate falls at the start of every stage but the first, which holds the warm-up."""
        optimizer = adam(self.rate, eps=self.eps)
        if len(lengths) == 1:
            return optimizer
        before = [sum(lengths[:i]) / sum(lengths) for i in range(1, len(lengths))]
        shares = (0.0, *(self.warm_up + (1 - self.warm_up) * share for share in before))
        factors = tuple(10 ** (-i / 7) for i in range(len(lengths)))
        return chain(optimizer, scale_by_schedule(piecewise_constant(shares, factors)))

    def growing_beta(self, progress: Tensor) -> Tensor | float:
        """β without restarts, a scalar, once a share `progress` of the run, shape (), is over."""
        return self.beta * (progress / self.warm_up).clamp_max(1.0) if self.warm_up else self.beta

    def negative_elbo(
        self, nets: Nets, x: Tensor, posterior: Tensor, gaussian: bool, beta: Tensor | float | None = None
    ) -> Loss:
        """Batch mean of the two terms in nats, of examples (B, *task.shape) and noise (B, latent).

        Args:
            beta: a scalar in place of the model's own.
        """
        mean, log_variance = nets["vae"].encode(x)
        z = mean if self.deterministic else reparameterise(mean, log_variance, posterior)
        fit = _log_likelihood(nets, x, z, gaussian).mean()
        units = gaussian_kl(mean, log_variance).mean(0)
        cost = units.clamp_min(self.free_bits) if self.free_bits else units
        value = (self.beta if beta is None else beta) * cost.sum() - self.reconstruction * fit
        return Loss(value, {"vae/loss": value, "vae/reconstruction_error": -fit, "vae/kl": units.sum()})

    def probe(self, task: Task, nets: Nets, real: Tensor, generated: Tensor) -> Mapping[str, Tensor]:
        """What the code carries: nats and used units, and how much worse a stranger's code reconstructs."""
        mean, log_variance = self.posterior(nets, real)
        nats = gaussian_kl(mean, log_variance).mean(0)
        own, strange = ((real - self.decoded(task, nets, z)).square().mean() for z in (mean, mean.roll(1, 0)))
        return {
            "vae/kl_held_out": nats.sum(),
            "vae/active_units": (mean.var(0) > ACTIVE_VARIANCE).float().sum(),
            "vae/inactive_share": (mean.var(0) <= ACTIVE_VARIANCE).float().mean(),
            "vae/kl_largest_unit": nats.max(),
            "vae/carrying_units": (nats > CARRYING_NATS).float().sum(),
            "vae/units": nats.new_tensor(len(nats)),
            "vae/code_use": strange / own,
        }

    def decoded(self, task: Task, nets: Nets, z: Tensor) -> Tensor:
        """Mean of p(x | z) for codes (B, latent), shape (B, *task.shape)."""
        if self._gaussian(task):
            return nets["vae"].decode_gaussian(z)[0]
        return torch.sigmoid(nets["vae"].decode(z))

    def posterior(self, nets: Nets, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = nets["vae"].encode(x)
        return mean, log_variance

    def discrete(self, task: Task) -> bool:
        return not self._gaussian(task)

    def weight_noise(self, task: Task) -> dict[str, Noise]:
        return {"posterior": Noise("normal", (self.latent,))}

    def log_weights(self, task: Task, nets: Nets, x: Tensor, noise: Draws) -> Tensor:
        """log p(x | z) + log p(z) − log q(z | x); the last two are ½ Σ (log σ² + ε² − z²)."""
        epsilon = noise["posterior"]
        mean, log_variance = self.posterior(nets, x)
        z = reparameterise(mean, log_variance, epsilon)
        repeated = x.expand(len(z), *x.shape).flatten(0, 1)
        fit = _log_likelihood(nets, repeated, z.flatten(0, 1), self._gaussian(task)).view(z.shape[:2])
        return fit + (log_variance + epsilon.square() - z.square()).sum(2) / 2

    def sampler(self, task: Task) -> Sampler:
        """Draws from p(x | z) for points; its mean for images, as is the custom."""
        noise = {"z": Noise("normal", (self.latent,))}
        noise |= {"x": Noise("normal", task.shape)} if self._gaussian(task) else {}

        def decode(nets: Nets, drawn: Draws, c: Tensor) -> Tensor:
            if not self._gaussian(task):
                return torch.sigmoid(nets["vae"].decode(drawn["z"]))
            mean, log_variance = nets["vae"].decode_gaussian(drawn["z"])
            if task.kind == "images":
                return mean.clamp(0, 1)
            return reparameterise(mean, log_variance, drawn["x"])

        return Sampler(Draw(noise, decode))

    def _gaussian(self, task: Task) -> bool:
        return task.kind == "points" if self.decoder is None else self.decoder == "gaussian"


def _always(beta: float) -> Growth:
    return lambda progress: beta


def _log_likelihood(nets: Nets, x: Tensor, z: Tensor, gaussian: bool) -> Tensor:
    """log p(x | z), shape (B,)."""
    if gaussian:
        return gaussian_log_density(x, *nets["vae"].decode_gaussian(z))
    return bernoulli_log_likelihood(x, nets["vae"].decode(z))
