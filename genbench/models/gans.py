"""The members of the adversarial family, each a set of arguments to `Gan`."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any, Literal

from genbench.models.gan import Gan, Output, Prior
from genbench.models.penalties import gradient_penalty
from genbench.nn.architectures import Architecture, Convolutional, Dense, PacGan, Unbuildable
from genbench.nn.dcgan import DCGAN, Rules
from genbench.ops import adversarial as games
from genbench.ops.optim import adam, rmsprop
from genbench.registry import forwards, models

NET_OPTIONS = ("latent", "prior", "architecture", "width", "critic_width", "depth", "output")
"""The options of nets that every member of the family offers."""
GAME_OPTIONS = ("critic_steps", "rate", "beta1", "label_flips", "freeze_above")
"""The options of `gan` that do not depend on its losses and nets."""


def nets(
    latent: int = Gan.latent,
    prior: Prior = Gan.prior,
    architecture: Literal["mlp", "conv", "pacgan"] = "mlp",
    width: int = 128,
    critic_width: int | None = None,
    depth: int = 2,
    output: Output = Gan.output,
    minibatch_kernels: int = 0,
    *,
    rules: Rules = DCGAN,
) -> dict[str, Any]:
    """Arguments to `Gan` from the options of its members' nets; `nn.architectures` says what each means.

    Args:
        depth: hidden layers of dense nets; the image's side decides for conv.
        minibatch_kernels: for mlp alone.
        rules: for conv alone.
    """
    known: dict[str, Architecture] = {
        "mlp": Dense(width, critic_width, depth, minibatch_kernels),
        "conv": Convolutional(width, critic_width, rules),
        "pacgan": PacGan(width, critic_width, depth),
    }
    made = known[architecture]
    if minibatch_kernels and architecture != "mlp":
        made = Unbuildable("minibatch discrimination needs a dense critic")
    return {"latent": latent, "prior": prior, "architecture": made, "output": output}


@models.register("gan", cite="goodfellow2014gan")
@forwards(Gan, "label_flips", "freeze_above")
@forwards(nets, *NET_OPTIONS, "minibatch_kernels")
def gan(
    critic_steps: int = 1,
    rate: float = 2e-4,
    beta1: float = 0.5,
    smoothing: float = 0.0,
    smoothed_sides: Literal[1, 2] = 1,
    **options: Any,
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
    game = {name: options.pop(name) for name in ("label_flips", "freeze_above") if name in options}
    return Gan(
        critic_loss, games.non_saturating, optimizer, optimizer, critic_steps, **game, **nets(**options)
    )


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
@forwards(nets, *NET_OPTIONS)
def wgan(critic_steps: int = 5, rate: float = 5e-5, clip: float = 0.01, **options: Any) -> Gan:
    """Wasserstein GAN with weight clipping, RMSprop and five critic steps."""
    optimizer = rmsprop(rate)
    losses = games.wasserstein_critic, games.negative_mean
    return Gan(*losses, optimizer, optimizer, critic_steps, clip=clip, **nets(**options))


@models.register("wgan-gp", cite="gulrajani2017wgangp")
@forwards(nets, *NET_OPTIONS)
def wgan_gp(
    critic_steps: int = 5, rate: float = 1e-4, beta1: float = 0.0, penalty: float = 10.0, **options: Any
) -> Gan:
    """Wasserstein GAN with gradient penalty; its critic has no batch norm."""
    optimizer = adam(rate, (beta1, 0.9))
    return Gan(
        games.wasserstein_critic,
        games.negative_mean,
        optimizer,
        optimizer,
        critic_steps,
        penalty=gradient_penalty(penalty),
        **nets(**options, rules=Rules(critic_norm=False)),
    )


@models.register("dcgan", cite="radford2016dcgan")
@forwards(Rules)
@forwards(gan, *GAME_OPTIONS, "smoothing", "smoothed_sides", "output")
def dcgan(latent: int = 100, prior: Prior = "uniform", width: int = 64, **options: Any) -> Gan:
    """Deep convolutional GAN by its paper's five architecture rules, each of which can be broken."""
    rules = Rules(**{rule.name: options.pop(rule.name) for rule in fields(Rules) if rule.name in options})
    made = gan(latent=latent, prior=prior, **options)
    return replace(made, architecture=Convolutional(width, rules=rules))
