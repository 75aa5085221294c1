"""Adversarial games: one family, whose members differ by losses, penalties, optimisers and nets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.func import grad

from genbench.models.capabilities import Probed
from genbench.models.model import DirectSampler, Draws, Loss, Model, Nets, Noise, Phase, Update
from genbench.nn import dcgan as conv
from genbench.nn.mlp import dense_critic, dense_generator
from genbench.nn.pacgan import maxout_critic, norm_generator
from genbench.ops import adversarial as games
from genbench.ops.optim import Optimizer, adam, rmsprop
from genbench.registry import forwards, models
from genbench.tasks.task import Task

Architecture = Literal["mlp", "conv", "pacgan"]
Prior = Literal["normal", "uniform"]
NETS = ("latent", "prior", "architecture", "width", "depth")
"""The options of a `Gan` that every member of the family offers."""


@dataclass(frozen=True)
class Gan(Model, DirectSampler, Probed):
    """A generator against a critic.

    Images are seen by both nets in [−1, 1], which is what the generator's tanh gives; points as they are.

    Attributes:
        threshold: score above which the critic calls a sample real; for the accuracy signals alone.
        penalty: weight λ of the gradient penalty on the critic; 0 for none.
        clip: the critic's weights are kept in [−clip, clip]; None for no clipping.
        architecture: pacgan is dense, with batch norm in the generator and maxout units in the critic, which
            is half as wide and has one layer less.
        width: units a hidden layer (dense), channels of the widest image layer (conv).
        depth: hidden layers of dense nets; the image's side decides for conv.
        generator_norm, critic_norm: batch norm in the convolutional nets.
    """

    critic_loss: games.CriticLoss
    generator_loss: games.GeneratorLoss
    critic_optimizer: Optimizer
    generator_optimizer: Optimizer
    critic_steps: int = 1
    penalty: float = 0.0
    clip: float | None = None
    threshold: float = 0.0
    latent: int = 64
    prior: Prior = "normal"
    architecture: Architecture = "mlp"
    width: int = 128
    depth: int = 2
    generator_norm: bool = True
    critic_norm: bool = True

    def refuses(self, task: Task) -> str | None:
        return conv.supports(task.shape) if self.architecture == "conv" else None

    def nets(self, task: Task) -> dict[str, nn.Module]:
        shape, output = task.shape, nn.Tanh() if task.kind == "images" else nn.Identity()
        if self.architecture == "conv":
            return {
                "generator": conv.conv_generator(self.latent, shape, self.width, self.generator_norm, output),
                "critic": conv.conv_critic(shape, self.width, self.critic_norm),
            }
        if self.architecture == "pacgan":
            return {
                "generator": norm_generator(self.latent, shape, self.width, self.depth, output),
                "critic": maxout_critic(shape, self.width // 2, self.depth - 1),
            }
        return {
            "generator": dense_generator(self.latent, shape, self.width, self.depth, output),
            "critic": dense_critic(shape, self.width, self.depth),
        }

    def noise(self, task: Task, batch: int) -> dict[str, Noise]:
        z = self._prior(batch)
        return {"z": z, "mix": Noise("uniform", (batch,))} if self.penalty else {"z": z}

    def phases(self, task: Task) -> Sequence[Phase]:
        images = task.kind == "images"

        def critic_loss(nets: Nets, x: Tensor, noise: Draws) -> Loss:
            return self.criticise(nets, _signed(x) if images else x, noise)

        return [
            Phase(
                [
                    Update("critic", critic_loss, self.critic_optimizer, self.critic_steps, self._project()),
                    Update("generator", self.generate, self.generator_optimizer),
                ]
            )
        ]

    def criticise(self, nets: Nets, x: Tensor, noise: Draws) -> Loss:
        """The critic's loss on real data in the nets' own range."""
        with torch.no_grad():
            fake = nets["generator"](self._latent(noise["z"]))
        real_score, fake_score = nets["critic"](x), nets["critic"](fake)
        value = self.critic_loss(real_score, fake_score)
        stats = {
            "critic/loss": value,
            "critic/score_real": real_score.mean(),
            "critic/score_fake": fake_score.mean(),
            "critic/accuracy_real": (real_score > self.threshold).float().mean(),
            "critic/accuracy_fake": (fake_score <= self.threshold).float().mean(),
        }
        if self.penalty:
            stats["critic/penalty"] = games.gradient_penalty(nets["critic"], x, fake, noise["mix"])
            value = value + self.penalty * stats["critic/penalty"]
        return Loss(value, stats)

    def generate(self, nets: Nets, x: Tensor, noise: Draws) -> Loss:
        """The generator's loss; it sees no data."""
        value = self.generator_loss(nets["critic"](nets["generator"](self._latent(noise["z"]))))
        return Loss(value, {"generator/loss": value})

    def sample_noise(self, task: Task, n: int) -> dict[str, Noise]:
        return {"z": self._prior(n)}

    def sample(self, task: Task, nets: Nets, noise: Draws) -> Tensor:
        x: Tensor = nets["generator"](self._latent(noise["z"]))
        return (x + 1) / 2 if task.kind == "images" else x

    def probe(self, task: Task, nets: Nets, real: Tensor, generated: Tensor) -> Mapping[str, Tensor]:
        """How the critic tells held-out data from samples, and what slope it leaves the generator."""
        pair = (real, generated[: len(real)])
        on_real, on_fake = (nets["critic"](_signed(x) if task.kind == "images" else x) for x in pair)
        balanced = torch.full_like(on_fake, self.threshold)
        slope, equilibrium = (grad(self.generator_loss)(scores).abs().sum() for scores in (on_fake, balanced))
        right = (on_real > self.threshold).float().mean() + (on_fake <= self.threshold).float().mean()
        return {
            "critic/held_out_real": on_real.mean(),
            "critic/held_out_fake": on_fake.mean(),
            "critic/held_out_accuracy": right / 2,
            "critic/auc": (on_real[:, None] > on_fake).float().mean(),
            "generator/score_gradient": slope / equilibrium,
        }

    def _project(self) -> Callable[[Tensor], Tensor] | None:
        return None if self.clip is None else partial(torch.clamp, min=-self.clip, max=self.clip)

    def _prior(self, n: int) -> Noise:
        return Noise(self.prior, (n, self.latent))

    def _latent(self, z: Tensor) -> Tensor:
        return _signed(z) if self.prior == "uniform" else z


def _signed(x: Tensor) -> Tensor:
    return 2 * x - 1


@models.register("gan", cite="goodfellow2014gan")
@forwards(Gan, *NETS)
def gan(critic_steps: int = 1, rate: float = 2e-4, beta1: float = 0.5, **nets: Any) -> Gan:
    """GAN with the non-saturating generator loss.

    The paper leaves the optimiser's settings open; the defaults are DCGAN's, as everywhere since.
    """
    optimizer = adam(rate, (beta1, 0.999))
    return Gan(games.logistic_critic, games.non_saturating, optimizer, optimizer, critic_steps, **nets)


@models.register("gan-saturating", cite="goodfellow2014gan")
@forwards(gan)
def gan_saturating(**options: Any) -> Gan:
    """GAN with the minimax (saturating) generator loss; differs from `gan` in that loss alone."""
    return replace(gan(**options), generator_loss=games.saturating)


@models.register("lsgan", cite="mao2017lsgan")
@forwards(gan)
def lsgan(**options: Any) -> Gan:
    """Least-squares GAN with labels 0 and 1; differs from `gan` in its two losses alone."""
    return replace(
        gan(**options),
        critic_loss=games.least_squares_critic,
        generator_loss=games.least_squares_generator,
        threshold=0.5,
    )


@models.register("wgan", cite="arjovsky2017wgan")
@forwards(Gan, *NETS)
def wgan(critic_steps: int = 5, rate: float = 5e-5, clip: float = 0.01, **nets: Any) -> Gan:
    """Wasserstein GAN with weight clipping, RMSprop and five critic steps."""
    optimizer = rmsprop(rate)
    return Gan(
        games.wasserstein_critic, games.negative_mean, optimizer, optimizer, critic_steps, clip=clip, **nets
    )


@models.register("wgan-gp", cite="gulrajani2017wgangp")
@forwards(Gan, *NETS)
def wgan_gp(
    critic_steps: int = 5, rate: float = 1e-4, beta1: float = 0.0, penalty: float = 10.0, **nets: Any
) -> Gan:
    """Wasserstein GAN with gradient penalty; its critic has no batch norm."""
    optimizer = adam(rate, (beta1, 0.9))
    return Gan(
        games.wasserstein_critic,
        games.negative_mean,
        optimizer,
        optimizer,
        critic_steps,
        penalty=penalty,
        critic_norm=False,
        **nets,
    )


@models.register("dcgan", cite="radford2016dcgan")
@forwards(gan, "critic_steps", "rate", "beta1")
def dcgan(latent: int = 100, prior: Prior = "uniform", width: int = 64, **options: Any) -> Gan:
    """Deep convolutional GAN by its paper's five architecture rules."""
    return gan(latent=latent, prior=prior, width=width, architecture="conv", **options)
