"""GAN with squared hinge loss, after that of Lim & Ye (2017, arXiv:1705.02894)."""

from torch import Tensor

from genbench.models.gan import Gan
from genbench.nn.architectures import Dense
from genbench.ops.adversarial import negative_mean
from genbench.ops.optim import adam
from genbench.registry import models


def squared_hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 − f(x))² + E max(0, 1 + f(G(z)))², on scores of shape (B,)."""
    return (1 - real).relu().square().mean() + (1 + fake).relu().square().mean()


@models.register("squared-hinge-gan")
def squared_hinge_gan(latent: int = 2, width: int = 64, critic_steps: int = 1) -> Gan:
    """GAN with squared hinge loss; differs from `gan` in its two losses alone."""
    optimizer = adam(1e-3, betas=(0.5, 0.999))
    losses, architecture = (squared_hinge_critic, negative_mean), Dense(width)
    return Gan(*losses, optimizer, optimizer, critic_steps, latent=latent, architecture=architecture)
