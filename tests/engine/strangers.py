"""Modules as strangers write them, each a map (B, 6) → (B, 6), and two small models around one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from genbench.models.model import Batch, Draw, Draws, Loss, Model, Nets, Noise, Phase, Sampler, Update
from genbench.ops import adversarial as games
from genbench.ops.optim import Optimizer, adam
from genbench.tasks.task import Task

D = 6
Make = Callable[[], nn.Module]
ADAM = adam(1e-2, (0.5, 0.999), eps=1e-3)
"""Its epsilon does not blow up the rounding of a gradient that is zero, as of attention's key bias."""


@dataclass(frozen=True)
class Game(Model):
    """A GAN with a stranger's module in both of its nets."""

    make: Make
    optimizer: Optimizer = ADAM

    def nets(self, task: Task) -> dict[str, nn.Module]:
        top = nn.Sequential(nn.Tanh(), nn.Linear(D, task.dim), nn.Unflatten(1, task.shape))
        return {
            "generator": nn.Sequential(nn.Linear(3, D), self.make(), *top),
            "critic": nn.Sequential(
                nn.Flatten(), nn.Linear(task.dim, D), self.make(), nn.Tanh(), nn.Linear(D, 1), nn.Flatten(0)
            ),
        }

    def phases(self, task: Task) -> Sequence[Phase]:
        def critic(nets: Nets, batch: Batch) -> Loss:
            with torch.no_grad():
                fake = nets["generator"](batch.noise["z"])
            value = games.logistic_critic(nets["critic"](batch.x), nets["critic"](fake))
            return Loss(value, {"critic/loss": value})

        def generator(nets: Nets, batch: Batch) -> Loss:
            value = games.non_saturating(nets["critic"](nets["generator"](batch.noise["z"])))
            return Loss(value, {"generator/loss": value})

        noise = {"z": Noise("normal", (3,))}
        return [
            Phase(
                [
                    Update(critic, {"critic": self.optimizer}, noise),
                    Update(generator, {"generator": self.optimizer}, noise),
                ]
            )
        ]

    def sampler(self, task: Task) -> Sampler:
        def draw(nets: Nets, noise: Draws, c: Tensor) -> Tensor:
            return nets["generator"](noise["z"])

        return Sampler(Draw({"z": Noise("normal", (3,))}, draw))


class Coder(nn.Module):
    """Encoder and decoder of one net, each with a stranger's module."""

    def __init__(self, dim: int, make: Make) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(dim, D), make(), nn.Tanh(), nn.Linear(D, 4))
        self.decoder = nn.Sequential(nn.Linear(2, D), make(), nn.Tanh(), nn.Linear(D, dim))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_scale = self.encoder(x).chunk(2, dim=1)
        return mean, log_scale.tanh()


@dataclass(frozen=True)
class Auto(Model):
    """A variational autoencoder with a stranger's module in both halves of its net."""

    make: Make
    optimizer: Optimizer = ADAM

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"coder": Coder(task.dim, self.make)}

    def phases(self, task: Task) -> Sequence[Phase]:
        def elbo(nets: Nets, batch: Batch) -> Loss:
            x = batch.x.flatten(1)
            mean, log_scale = nets["coder"].encode(x)
            back = nets["coder"].decoder(mean + log_scale.exp() * batch.noise["z"])
            divergence = (mean.square() + (2 * log_scale).exp() - 2 * log_scale).sum(1) / 2
            return Loss(
                ((back - x).square().sum(1) + divergence).mean(), {"coder/divergence": divergence.mean()}
            )

        return [Phase([Update(elbo, {"coder": self.optimizer}, {"z": Noise("normal", (2,))})])]

    def sampler(self, task: Task) -> Sampler:
        def draw(nets: Nets, noise: Draws, c: Tensor) -> Tensor:
            return nets["coder"].decoder(noise["z"]).unflatten(1, task.shape)

        return Sampler(Draw({"z": Noise("normal", (2,))}, draw))


class Does(nn.Module):
    """A layer and something that a function does with it."""

    def __init__(self, forward: Callable[[nn.Module, Tensor], Tensor], **parts: object) -> None:
        super().__init__()
        self.layer = nn.Linear(D, D)
        self.does = forward
        for name, part in parts.items():
            if type(part) is Tensor:
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.does(self, self.layer(x))


def plain(module: nn.Module, **attributes: object) -> nn.Module:
    """The module with plain attributes, tensors among them."""
    for name, value in attributes.items():
        object.__setattr__(module, name, value)
    return module


def images(layer: nn.Module) -> nn.Module:
    """A layer of images between vectors."""
    return nn.Sequential(nn.Unflatten(1, (2, 1, 3)), layer, nn.Flatten())


# Buffers that differ between seeds, and tied weights ------------------------------------------------------


def fourier() -> nn.Module:
    return Does(lambda m, x: (x @ m.frequencies).sin(), frequencies=torch.randn(D, D))


def permutation() -> nn.Module:
    return Does(lambda m, x: x[:, m.order], order=torch.randperm(D))


def mask() -> nn.Module:
    return Does(lambda m, x: x * m.mask, mask=torch.rand(D) < 0.5)


def plain_tensor() -> nn.Module:
    return plain(Does(lambda m, x: x * m.scale), scale=torch.rand(D))


class Tied(nn.Module):
    """One weight in three places, once transposed."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Linear(D, D) for _ in range(3))
        self.c.weight = self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.c(self.b(self.a(x)).tanh()), self.a.weight.T)


class TiedEmbedding(nn.Module):
    """An embedding that is a head's weight, too."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(D, D), nn.Linear(D, D, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.softmax(1) @ self.embedding(torch.arange(D, device=x.device)))


class FrozenTied(nn.Module):
    """A frozen random weight in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = (nn.Linear(D, D) for _ in range(3))
        self.b.weight = self.a.weight
        self.a.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.b(self.a(x).tanh()))


def frozen() -> nn.Module:
    module = nn.Sequential(nn.Linear(D, D), nn.Tanh(), nn.Linear(D, D))
    module[0].requires_grad_(False)
    return module


# Buffers that a forward pass changes ----------------------------------------------------------------------


def spectral() -> nn.Module:
    return parametrizations.spectral_norm(nn.Linear(D, D))


def old_spectral() -> nn.Module:
    return nn.utils.spectral_norm(nn.Linear(D, D))


def batch_norm() -> nn.Module:
    return nn.BatchNorm1d(D)


def batch_norm_cumulative() -> nn.Module:
    return nn.BatchNorm1d(D, momentum=None)


def batch_norm_2d() -> nn.Module:
    return images(nn.BatchNorm2d(2))


def instance_norm() -> nn.Module:
    return images(nn.InstanceNorm2d(2, track_running_stats=True))


def counts(m: nn.Module, x: Tensor) -> Tensor:
    if m.training:
        m.calls += 1
    return x / (1 + m.calls)


def counter() -> nn.Module:
    return Does(counts, calls=torch.zeros((), dtype=torch.int64))


def assigns(m: nn.Module, x: Tensor) -> Tensor:
    if m.training:
        m.mean = 0.9 * m.mean + 0.1 * x.detach().mean(0)
    return x - m.mean


def assigned() -> nn.Module:
    return Does(assigns, mean=torch.zeros(D))


def writes_data(m: nn.Module, x: Tensor) -> Tensor:
    if m.training:
        m.mean.data.mul_(0.9).add_(0.1 * x.detach().mean(0))
    return x - m.mean


def through_data() -> nn.Module:
    return Does(writes_data, mean=torch.zeros(D))


def initialises(m: nn.Module, x: Tensor) -> Tensor:
    if m.training and not m.initialized:
        m.shift.copy_(-x.detach().mean(0))
        m.initialized.fill_(True)
    return x + m.shift


def actnorm() -> nn.Module:
    return Does(initialises, shift=torch.zeros(D), initialized=torch.tensor(False))


def initialises_where(m: nn.Module, x: Tensor) -> Tensor:
    if m.training:
        m.shift.copy_(torch.where(m.initialized, m.shift, -x.detach().mean(0)))
        m.initialized.fill_(True)
    return x + m.shift


def actnorm_where() -> nn.Module:
    return Does(initialises_where, shift=torch.zeros(D), initialized=torch.tensor(False))


def quantises(m: nn.Module, x: Tensor) -> Tensor:
    hard = F.one_hot(torch.cdist(x, m.codes).argmin(1), 4).float()
    if m.training:
        m.sizes.mul_(0.9).add_(hard.sum(0), alpha=0.1)
        m.codes.lerp_(hard.T @ x.detach() / (hard.sum(0)[:, None] + 1e-3), 0.1)
    return x + (hard @ m.codes - x).detach()


def codebook() -> nn.Module:
    return Does(quantises, codes=torch.randn(4, D), sizes=torch.zeros(4))


class Shared(nn.Module):
    """One buffer of two modules, which one changes and the other reads."""

    def __init__(self) -> None:
        super().__init__()
        self.writer, self.reader = Does(writes_where), Does(lambda m, x: x - m.mean)
        self.writer.register_buffer("mean", torch.zeros(D))
        self.reader.register_buffer("mean", self.writer.mean)

    def forward(self, x: Tensor) -> Tensor:
        return self.reader(self.writer(x))


def writes_where(m: nn.Module, x: Tensor) -> Tensor:
    if m.training:
        m.mean.lerp_(x.detach().mean(0), 0.1)
    return x


def cached_feature(m: nn.Module, x: Tensor) -> Tensor:
    m.feature = x
    return m.feature.tanh()


def caches() -> nn.Module:
    return Does(cached_feature, feature=None)


def position(m: nn.Module, x: Tensor) -> Tensor:
    if m.table is None:
        m.table = torch.arange(x.shape[1]) / 10
    return x + m.table


def caches_constant() -> nn.Module:
    return Does(position, table=None)


# Chance ---------------------------------------------------------------------------------------------------


def noisy(m: nn.Module, x: Tensor) -> Tensor:
    return x + 0.1 * torch.randn_like(x)


CHANCE: dict[str, Make] = {
    "dropout": lambda: nn.Dropout(0.3),
    "dropout2d": lambda: images(nn.Dropout2d(0.3)),
    "alpha dropout": lambda: nn.AlphaDropout(0.2),
    "randn": lambda: Does(lambda m, x: x + 0.1 * torch.randn(x.shape)),
    "noise in eval": lambda: Does(noisy),
    "rrelu": lambda: nn.RReLU(),
    "gumbel": lambda: Does(lambda m, x: F.gumbel_softmax(x)),
    "bernoulli": lambda: Does(lambda m, x: x * torch.bernoulli(torch.full_like(x, 0.5))),
}

# What torch brings ----------------------------------------------------------------------------------------


class Recurrent(nn.Module):
    """Reads a vector as a sequence."""

    def __init__(self, cell: type[nn.Module], **options: object) -> None:
        super().__init__()
        self.cell = cell(2, 2, batch_first=True, **options)

    def forward(self, x: Tensor) -> Tensor:
        return self.cell(x.view(-1, 3, 2))[0].flatten(1)


class Attention(nn.Module):
    """Attends to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(2, 1, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.view(-1, 3, 2)
        return self.attention(tokens, tokens, tokens, need_weights=False)[0].flatten(1)


class Lists(nn.Module):
    """Parameters in a list and in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(D, D) / 3) for _ in range(2)])
        self.named = nn.ParameterDict({"shift": nn.Parameter(torch.zeros(D))})
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        for weight in self.weights:
            x = (x @ weight).tanh()
        return self.gain * x + self.named["shift"]


class Answers(nn.Module):
    """Answers with a dictionary of tuples within."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        found = self.inner(x, scale=2.0)
        return found["pair"][0] + found["pair"][1]


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D, D)

    def forward(self, x: Tensor, scale: float = 1.0) -> dict[str, tuple[Tensor, Tensor]]:
        return {"pair": (self.layer(x), scale * x)}


class KeepsBatchNorm(nn.Module):
    """Holds its statistics still by a `train` of its own, which gives nothing back."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(D, D), nn.BatchNorm1d(D)

    def train(self, mode: bool = True) -> None:
        super().train(mode)
        self.norm.train(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.layer(x))


def resting() -> nn.Module:
    module = nn.Sequential(nn.Linear(D, D), nn.BatchNorm1d(D))
    module[1].eval()
    return module


class OwnCopy(nn.Linear):
    """Copies itself in its own way."""

    def __deepcopy__(self, memo: dict[int, object]) -> OwnCopy:
        other = OwnCopy(D, D)
        other.load_state_dict(self.state_dict())
        return other


class Decays(nn.Module):
    """Walks through its own parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D, D)

    def forward(self, x: Tensor) -> Tensor:
        size = sum(p.square().sum() for p in self.parameters())
        return self.layer(x) * torch.exp(-size / 10)


class Branches(nn.Module):
    """Branches on data."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D, D)

    def forward(self, x: Tensor) -> Tensor:
        h = self.layer(x)
        return h / h.abs().mean() if h.abs().mean() > 0.5 else h


RIGHT: dict[str, Make] = {
    "linear": lambda: nn.Linear(D, D),
    "fourier": fourier,
    "permutation": permutation,
    "mask": mask,
    "plain tensor": plain_tensor,
    "tied": Tied,
    "tied embedding": TiedEmbedding,
    "frozen": frozen,
    "frozen tied": FrozenTied,
    "spectral": spectral,
    "old spectral": old_spectral,
    "batch norm": batch_norm,
    "cumulative batch norm": batch_norm_cumulative,
    "batch norm 2d": batch_norm_2d,
    "instance norm": instance_norm,
    "counter": counter,
    "assigned": assigned,
    "through data": through_data,
    "actnorm": actnorm,
    "actnorm where": actnorm_where,
    "codebook": codebook,
    "shared buffer": Shared,
    "caches": caches,
    "caches a constant": caches_constant,
    "lstm": lambda: Recurrent(nn.LSTM),
    "gru": lambda: Recurrent(nn.GRU),
    "two-layer gru": lambda: Recurrent(nn.GRU, num_layers=2, dropout=0.3),
    "attention": Attention,
    "weight norm": lambda: parametrizations.weight_norm(nn.Linear(D, D)),
    "old weight norm": lambda: nn.utils.weight_norm(nn.Linear(D, D)),
    "orthogonal": lambda: parametrizations.orthogonal(nn.Linear(D, D)),
    "lists": Lists,
    "answers": Answers,
    "own train": KeepsBatchNorm,
    "resting": resting,
    "own copy": lambda: OwnCopy(D, D),
    "decays": Decays,
    "branches": Branches,
    "item": lambda: Does(lambda m, x: x * (1 + abs(x.mean().item()))),
    "numpy": lambda: Does(lambda m, x: x + float(np.tanh(x.detach().numpy()).mean())),
    "requires grad": lambda: Does(gradient_of_input),
    **CHANCE,
}


def gradient_of_input(m: nn.Module, x: Tensor) -> Tensor:
    with torch.enable_grad():
        at = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(at.square().sum(), at)
    return x + slope


# What cannot be right -------------------------------------------------------------------------------------


def numbers_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


class Stale(nn.Module):
    """Holds a weight in a list, too, where no training reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D, D)
        self.also = [self.layer.weight]

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) @ self.also[0]


def closure() -> nn.Module:
    hidden = torch.randn(D)
    return Does(lambda m, x: x * hidden)


def closure_over_itself() -> nn.Module:
    layer = nn.Linear(D, D)
    return Does(lambda m, x: F.linear(x, layer.weight), other=layer)


def remembers(m: nn.Module, x: Tensor) -> Tensor:
    if m.last is None:
        m.last = x.detach().mean(0)
    return x - m.last


def python_counter(m: nn.Module, x: Tensor) -> Tensor:
    m.calls = m.calls + 1
    return x if m.calls < 1000 else -x


def changes_parameter(m: nn.Module, x: Tensor) -> Tensor:
    if m.training:
        m.layer.bias.data.mul_(0.5)
    return x


def copies_parameter(m: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        m.layer.bias.copy_(-x.mean(0))
    return x


def replaces_parameter(m: nn.Module, x: Tensor) -> Tensor:
    m.layer.bias = nn.Parameter(m.layer.bias.detach() * 0.5)
    return x


def grows(m: nn.Module, x: Tensor) -> Tensor:
    m.queue = torch.cat([m.queue, x.detach()])
    return x - m.queue.mean(0)


def eval_forever(m: nn.Module, x: Tensor) -> Tensor:
    m.eval()
    return x


class OwnGenerator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.source = nn.Linear(D, D), torch.Generator().manual_seed(0)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) + torch.randn(D, generator=self.source)


REFUSED: dict[str, tuple[Make, str]] = {
    "python chance": (lambda: Does(lambda m, x: x * random.random()), "random numbers"),
    "numpy chance": (lambda: Does(lambda m, x: x * float(np.random.rand())), "random numbers"),  # noqa: NPY002
    "python start": (lambda: Does(lambda m, x: x, scale=random.random()), "random numbers"),
    "numpy start": (
        lambda: Does(lambda m, x: x, b=torch.tensor(np.random.rand(D)).float()),  # noqa: NPY002
        "random numbers",
    ),
    "fresh numpy start": (
        lambda: Does(lambda m, x: x * m.b, b=torch.tensor(np.random.default_rng().random(D)).float()),
        "each time",
    ),
    "fresh numpy chance": (lambda: Does(lambda m, x: x * float(np.random.default_rng().random())), "neither"),
    "kept numpy generator": (
        lambda: Does(lambda m, x: x * float(m.source.random()), source=numbers_of(0)),
        "source",
    ),
    "own generator": (OwnGenerator, "source"),
    "own python generator": (
        lambda: Does(lambda m, x: x * m.source.random(), source=random.Random(0)),
        "source",
    ),
    "float": (lambda: Does(lambda m, x: x * m.scale, scale=float(torch.rand(()))), "scale"),
    "int": (lambda: Does(lambda m, x: x.roll(m.by, 1), by=int(torch.randint(99, ()))), "by"),
    "array": (lambda: Does(lambda m, x: x * torch.from_numpy(m.scale), scale=torch.rand(D).numpy()), "scale"),
    "list of floats": (lambda: Does(lambda m, x: x * m.scale[0], scale=torch.rand(3).tolist()), "scale"),
    "list of tensors": (lambda: Does(lambda m, x: x * m.scales[0], scales=[torch.rand(D)]), "scales"),
    "dictionary": (lambda: Does(lambda m, x: x * m.scales["a"], scales={"a": torch.rand(D)}), "scales"),
    "distribution": (
        lambda: Does(lambda m, x: x - m.prior.mean, prior=torch.distributions.Normal(torch.rand(D), 1.0)),
        "prior",
    ),
    "hidden module": (lambda: Does(lambda m, x: m.hidden[0](x), hidden=[nn.Linear(D, D)]), "hidden"),
    "stale weight": (Stale, "also"),
    "closure": (closure, "neither"),
    "closure over itself": (closure_over_itself, "neither"),
    "remembers": (lambda: Does(remembers, last=None), "last"),
    "python counter": (lambda: Does(python_counter, calls=0), "calls"),
    "changes a parameter": (lambda: Does(changes_parameter), "layer.bias"),
    "copies into a parameter": (lambda: Does(copies_parameter), "layer.bias"),
    "replaces a parameter": (lambda: Does(replaces_parameter), "layer.bias"),
    "grows": (lambda: Does(grows, queue=torch.zeros(1, D)), "queue"),
    "evaluates for ever": (lambda: Does(eval_forever), "mode"),
    "lazy": (lambda: nn.LazyLinear(D), "lazy"),
    "random width": (
        lambda: nn.Sequential(nn.Linear(D, n := int(torch.randint(2, 99, ()))), nn.Linear(n, D)),
        "shape",
    ),
}
