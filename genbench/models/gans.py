"""The members of the adversarial family, each a set of arguments to `Gan`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from genbench.models.gan import Gan, Output, Prior
from genbench.models.penalties import gradient_penalty, r1_penalty
from genbench.models.tuned import TUNED
from genbench.nn.architectures import Architecture, Convolutional, Dense, PacGan, Unbuildable
from genbench.nn.dcgan import DCGAN, Rules
from genbench.ops import adversarial as games
from genbench.ops.optim import adam, rmsprop
from genbench.registry import forwards, models

NET_OPTIONS = ("latent", "prior", "architecture", "width", "critic_width", "depth", "output")
"""The options of nets that every member of the family offers."""
RUN_OPTIONS = ("average", "final_rate")
"""The options of `Gan` that every member of the family offers."""
CRITIC_OPTIONS = ("r1", "spectral_norm", "minibatch_kernels")
"""The options of `gan` that constrain its critic, for members that bring no constraint of their own."""
GAME_OPTIONS = ("critic_steps", "rate", "beta1", "label_flips", "freeze_above", *RUN_OPTIONS)
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
    spectral_norm: bool = False,
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
        "mlp": Dense(width, critic_width, depth, minibatch_kernels, spectral_norm),
        "conv": Convolutional(width, critic_width, rules, spectral_norm),
        "pacgan": PacGan(width, critic_width, depth, spectral_norm),
    }
    made = known[architecture]
    if minibatch_kernels and architecture != "mlp":
        made = Unbuildable("minibatch discrimination needs a dense critic")
    return {"latent": latent, "prior": prior, "architecture": made, "output": output}


@models.register("gan", cite="goodfellow2014gan", tuned=TUNED["gan"])
@forwards(Gan, "label_flips", "freeze_above", *RUN_OPTIONS)
@forwards(nets, *NET_OPTIONS, "minibatch_kernels", "spectral_norm")
def gan(
    critic_steps: int = 1,
    rate: float = 2e-4,
    beta1: float = 0.5,
    smoothing: float = 0.0,
    smoothed_sides: Literal[1, 2] = 1,
    r1: Annotated[float, Field(ge=0)] = 0.0,
    **options: Any,
) -> Gan:
    """GAN with the non-saturating generator loss.

    The paper leaves the optimiser's settings open; the defaults are DCGAN's, as everywhere since.

    Args:
        smoothing: ε of the critic's labels, 1 − ε for real data and 0 (or ε, if both sides are smoothed) for
            generated data.
        r1: γ of the penalty γ/2 E ‖∇f(x)‖² on the critic's slope at real data (Mescheder et al. 2018). The
            slope is in the range that the nets see, so a good γ depends on the data's scale and dimension.
        spectral_norm: with this or `r1` convolutional critics have no batch norm.
    """
    optimizer = adam(rate, (beta1, 0.999))
    critic_loss: games.CriticLoss = games.logistic_critic
    if smoothing:
        critic_loss = partial(games.smoothed_critic, 1 - smoothing, (smoothed_sides - 1) * smoothing)
    game = _taken(options, ("label_flips", "freeze_above", *RUN_OPTIONS))
    rules = Rules(critic_norm=not (r1 or options.get("spectral_norm")))
    made = nets(**options, rules=rules)
    if r1 and options.get("minibatch_kernels"):
        made["architecture"] = Unbuildable("R1 needs scores that do not depend on the rest of the batch")
    return Gan(
        critic_loss,
        games.non_saturating,
        optimizer,
        optimizer,
        critic_steps,
        penalty=r1_penalty(r1),
        **game,
        **made,
    )


@models.register("gan-saturating", cite="goodfellow2014gan", tuned=TUNED["gan-saturating"])
@forwards(gan)
def gan_saturating(**options: Any) -> Gan:
    """GAN with the minimax (saturating) generator loss; differs from `gan` in that loss alone."""
    return replace(gan(**options), generator_loss=games.saturating)


@models.register("lsgan", cite="mao2017lsgan", tuned=TUNED["lsgan"])
@forwards(gan, *GAME_OPTIONS, *NET_OPTIONS, *CRITIC_OPTIONS)
def lsgan(**options: Any) -> Gan:
    """Least-squares GAN with labels 0 and 1; differs from `gan` in its two losses alone."""
    return replace(
        gan(**options),
        critic_loss=games.least_squares_critic,
        generator_loss=games.least_squares_generator,
        threshold=0.5,
    )


@models.register("hinge-gan", cite="lim2017geometric", tuned=TUNED["hinge-gan"])
@forwards(gan, *GAME_OPTIONS, *NET_OPTIONS, *CRITIC_OPTIONS)
def hinge_gan(**options: Any) -> Gan:
    """GAN with hinge loss; differs from `gan` in its two losses alone.

    Its usual company is ``spectral_norm=true`` (Miyato et al. 2018), with β₁ = 0.
    """
    return replace(gan(**options), critic_loss=games.hinge_critic, generator_loss=games.negative_mean)


@models.register("wgan", cite="arjovsky2017wgan", tuned=TUNED["wgan"])
@forwards(Gan, *RUN_OPTIONS)
@forwards(nets, *NET_OPTIONS)
def wgan(critic_steps: int = 5, rate: float = 5e-5, clip: float = 0.01, **options: Any) -> Gan:
    """Wasserstein GAN with weight clipping, RMSprop and five critic steps."""
    optimizer = rmsprop(rate)
    losses = games.wasserstein_critic, games.negative_mean
    options = _taken(options, RUN_OPTIONS) | nets(**options)
    return Gan(*losses, optimizer, optimizer, critic_steps, clip=clip, **options)


@models.register("wgan-gp", cite="gulrajani2017wgangp", tuned=TUNED["wgan-gp"])
@forwards(Gan, *RUN_OPTIONS)
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
        **_taken(options, RUN_OPTIONS),
        **nets(**options, rules=Rules(critic_norm=False)),
    )


@models.register("dcgan", cite="radford2016dcgan", tuned=TUNED["dcgan"])
@forwards(Rules)
@forwards(gan, *GAME_OPTIONS, "smoothing", "smoothed_sides", "output", "r1")
def dcgan(
    latent: int = 100, prior: Prior = "uniform", width: int = 64, spectral_norm: bool = False, **options: Any
) -> Gan:
    """Deep convolutional GAN by its paper's five architecture rules, each of which can be broken.

    Args:
        spectral_norm: this and `r1` need ``critic_norm=false``.
    """
    rules = Rules(**_taken(options, [rule.name for rule in fields(Rules)]))
    architecture: Architecture = Convolutional(width, rules=rules, spectral_norm=spectral_norm)
    if rules.critic_norm and (spectral_norm or options.get("r1")):
        architecture = Unbuildable("R1 and spectral norm need a critic without batch norm: critic_norm=false")
    return replace(gan(latent=latent, prior=prior, **options), architecture=architecture)


def _taken(options: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The options of these names, which are taken out."""
    return {name: options.pop(name) for name in names if name in options}
