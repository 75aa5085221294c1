"""What a user would write without genbench: plain PyTorch, one seed, data in memory, nothing recorded.

Each function gives the work of one training step, with nets and optimisers set up before.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from torch.optim import Adam

from genbench.models.gan import Gan
from genbench.models.vae import Vae
from genbench.tasks.task import Task

Step = Callable[[], None]


def gan_step(
    model: Gan, task: Task, batch: int, rate: float = 1e-3, batches: Callable[[], Tensor] | None = None
) -> Step:
    """One critic and one generator step of a non-saturating GAN with Adam."""
    generator, critic = model.nets(task).values()
    first, second = (Adam(net.parameters(), rate, (0.5, 0.999)) for net in (critic, generator))
    batches = batches or _batches(task, batch, signed=task.kind == "images")

    def step() -> None:
        x, z = batches(), torch.randn(batch, model.latent)
        first.zero_grad()
        (softplus(-critic(x)).mean() + softplus(critic(generator(z).detach())).mean()).backward()
        first.step()
        second.zero_grad()
        softplus(-critic(generator(torch.randn(batch, model.latent)))).mean().backward()
        second.step()

    return step


def wgan_gp_step(model: Gan, task: Task, batch: int, rate: float = 1e-3) -> Step:
    """The model's critic steps with gradient penalty, and a generator step."""
    generator, critic = model.nets(task).values()
    first, second = (Adam(net.parameters(), rate, (0.0, 0.9)) for net in (critic, generator))
    batches = _batches(task, batch, signed=task.kind == "images")
    weight = model.penalty.weight if model.penalty else 0.0

    def penalty(real: Tensor, fake: Tensor) -> Tensor:
        mix = torch.rand(batch, *[1] * (real.dim() - 1))
        between = (mix * real + (1 - mix) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()

    def step() -> None:
        for _ in range(model.critic_steps):
            x, fake = batches(), generator(torch.randn(batch, model.latent)).detach()
            first.zero_grad()
            (critic(fake).mean() - critic(x).mean() + weight * penalty(x, fake)).backward()
            first.step()
        second.zero_grad()
        (-critic(generator(torch.randn(batch, model.latent))).mean()).backward()
        second.step()

    return step


def vae_step(model: Vae, task: Task, batch: int) -> Step:
    """Bernoulli decoder, one draw of the code an example, Adam."""
    net: Any = model.nets(task)["vae"]
    optimizer, batches = Adam(net.parameters(), model.rate), _batches(task, batch)

    def step() -> None:
        x = batches()
        mean, log_variance = net.encode(x)
        logits = net.decode(mean + torch.exp(log_variance / 2) * torch.randn_like(mean))
        kl = (mean.square() + log_variance.exp() - log_variance - 1).sum() / 2
        optimizer.zero_grad()
        ((binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl) / batch).backward()
        optimizer.step()

    return step


def sklearn_rbm(hidden: int, task: Task, batch: int, examples: int, double: bool = False) -> Step:
    """An epoch of scikit-learn's BernoulliRBM over `examples` examples; it computes in their precision."""
    from sklearn.neural_network import BernoulliRBM

    x = task.to_float(task.train[:examples]).flatten(1).numpy().astype("float64" if double else "float32")
    machine = BernoulliRBM(hidden, learning_rate=0.05, batch_size=batch, n_iter=1, random_state=0)
    return lambda: machine.fit(x)


def through_loader(model: Gan, task: Task, batch: int) -> Step:
    """`gan_step` on batches that torchvision transforms turn from PIL images, one by one, as scripts do."""
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    side = task.shape[-1]
    as_tensor = transforms.Compose(
        [transforms.Resize(side), transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]
    )
    stored = task.train[:4096].numpy()

    class Pictures(Dataset[Tensor]):
        def __len__(self) -> int:
            return len(stored)

        def __getitem__(self, index: int) -> Tensor:
            picture: Tensor = as_tensor(Image.fromarray(stored[index, 0]))
            return picture

    loader: DataLoader[Tensor] = DataLoader(Pictures(), batch, shuffle=True, drop_last=True)
    endless = itertools.chain.from_iterable(itertools.repeat(loader))
    return gan_step(model, task, batch, batches=lambda: next(endless))


def _batches(task: Task, batch: int, signed: bool = False) -> Callable[[], Tensor]:
    stored = task.to_float(task.train)
    data = 2 * stored - 1 if signed else stored
    return lambda: data[torch.randint(len(data), (batch,))]
