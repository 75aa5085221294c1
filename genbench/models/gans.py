"""The members of the adversarial family, each a set of arguments to `Gan`."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any, Literal

from genbench.models.gan import Gan, Prior
from genbench.nn.dcgan import Rules
from genbench.ops import adversarial as games
from genbench.ops.optim import adam, rmsprop
from genbench.registry import forwards, models

NET_OPTIONS = ("latent", "prior", "architecture", "width", "critic_width", "depth", "output")
"""The options of a `Gan` that every member of the family offers."""
GAME_OPTIONS = ("critic_steps", "rate", "beta1", "label_flips", "freeze_above")
"""The options of `gan` that do not depend on its losses and nets."""


@models.register("gan", cite="goodfellow2014gan")
@forwards(Gan, *NET_OPTIONS, "minibatch_kernels", "label_flips", "freeze_above")
def gan(
    critic_steps: int = 1,
    rate: float = 2e-4,
    beta1: float = 0.5,
    smoothing: float = 0.0,
    smoothed_sides: Literal[1, 2] = 1,
    **nets: Any,
) -> Gan:
    """GAN with the non-saturating generator loss.

    The paper leaves the optimiser's settings open; the defaults are DCGAN's, as everywhere since.

    Args:
        smoothing: ε of the critic's labels, 1 − ε for real data and 0 (or ε, if both sides are smoothed) for
            generated data.
    """
    optimizer = adam(rate, (beta1, 0.999))
    critic_loss: games.CriticLoss = games.logistic_critic
    if smoothing:
        critic_loss = partial(games.smoothed_critic, 1 - smoothing, (smoothed_sides - 1) * smoothing)
    return Gan(critic_loss, games.non_saturating, optimizer, optimizer, critic_steps, **nets)


@models.register("gan-saturating", cite="goodfellow2014gan")
@forwards(gan)
def gan_saturating(**options: Any) -> Gan:
    """GAN with the minimax (saturating) generator loss; differs from `gan` in that loss alone."""
    return replace(gan(**options), generator_loss=games.saturating)


@models.register("lsgan", cite="mao2017lsgan")
@forwards(gan, *GAME_OPTIONS, *NET_OPTIONS, "minibatch_kernels")
def lsgan(**options: Any) -> Gan:
    """Least-squares GAN with labels 0 and 1; differs from `gan` in its two losses alone."""
    return replace(
        gan(**options),
        critic_loss=games.least_squares_critic,
        generator_loss=games.least_squares_generator,
        threshold=0.5,
    )


@models.register("wgan", cite="arjovsky2017wgan")
@forwards(Gan, *NET_OPTIONS)
def wgan(critic_steps: int = 5, rate: float = 5e-5, clip: float = 0.01, **nets: Any) -> Gan:
    """Wasserstein GAN with weight clipping, RMSprop and five critic steps."""
    optimizer = rmsprop(rate)
    return Gan(
        games.wasserstein_critic, games.negative_mean, optimizer, optimizer, critic_steps, clip=clip, **nets
    )


@models.register("wgan-gp", cite="gulrajani2017wgangp")
@forwards(Gan, *NET_OPTIONS)
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
        rules=Rules(critic_norm=False),
        **nets,
    )


@models.register("dcgan", cite="radford2016dcgan")
@forwards(Rules)
@forwards(gan, *GAME_OPTIONS, "smoothing", "smoothed_sides", "output")
def dcgan(latent: int = 100, prior: Prior = "uniform", width: int = 64, **options: Any) -> Gan:
    """Deep convolutional GAN by its paper's five architecture rules, each of which can be broken."""
    rules = Rules(**{rule.name: options.pop(rule.name) for rule in fields(Rules) if rule.name in options})
    made = gan(latent=latent, prior=prior, width=width, architecture="conv", **options)
    return replace(made, rules=rules)
