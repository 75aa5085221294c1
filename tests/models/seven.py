"""Seven small models of kinds that the package does not have: what its core types must be wide enough for."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.models.capabilities import Density, Latent, Translator
from genbench.models.model import (
    Assign,
    Batch,
    Draw,
    Draws,
    Loss,
    Model,
    Nets,
    Noise,
    Phase,
    Sampler,
    Update,
    Values,
    ema,
)
from genbench.nn.mlp import mlp
from genbench.ops import adversarial as games
from genbench.ops.optim import adam, chain, cosine, scale_by_schedule, warm_up
from genbench.tasks.task import Task


def scores(inputs: int, width: int) -> nn.Sequential:
    """(B, inputs) → (B,)."""
    return nn.Sequential(*mlp([inputs, width, 1], nn.ReLU), nn.Flatten(0))


@dataclass(frozen=True)
class Alae(Model, Latent):
    """Adversarial latent autoencoder: three joint updates share four nets (Pidhorskyi et al. 2020)."""

    latent: int = 4
    code: int = 4
    width: int = 16
    rate: float = 1e-3

    def refuses(self, task: Task) -> str | None:
        return "written for points" if task.kind != "points" else None

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {
            "mapping": mlp([self.latent, self.width, self.code], nn.ReLU),
            "generator": mlp([self.code, self.width, task.dim], nn.ReLU),
            "encoder": mlp([task.dim, self.width, self.code], nn.ReLU),
            "critic": scores(self.code, self.width),
        }

    def phases(self, task: Task) -> Sequence[Phase]:
        def fake(nets: Nets, batch: Batch) -> Tensor:
            return nets["generator"](nets["mapping"](batch.noise["z"]))

        def score(nets: Nets, x: Tensor) -> Tensor:
            return nets["critic"](nets["encoder"](x))

        def discriminate(nets: Nets, batch: Batch) -> Loss:
            with torch.no_grad():
                x = fake(nets, batch)
            value = games.logistic_critic(score(nets, batch.x), score(nets, x))
            return Loss(value, {"critic/loss": value})

        def generate(nets: Nets, batch: Batch) -> Loss:
            value = games.non_saturating(score(nets, fake(nets, batch)))
            return Loss(value, {"generator/loss": value})

        def reciprocate(nets: Nets, batch: Batch) -> Loss:
            with torch.no_grad():
                code = nets["mapping"](batch.noise["z"])
            value = (nets["encoder"](nets["generator"](code)) - code).square().mean()
            return Loss(value, {"encoder/latent_error": value})

        optimizer, noise = adam(self.rate, (0.0, 0.99)), self._noise
        updates = [
            Update(discriminate, {"encoder": optimizer, "critic": optimizer}, noise),
            Update(generate, {"mapping": optimizer, "generator": optimizer}, noise),
            Update(reciprocate, {"encoder": optimizer, "generator": optimizer}, noise),
        ]
        return [Phase(updates)]

    @property
    def _noise(self) -> dict[str, Noise]:
        return {"z": Noise("normal", (self.latent,))}

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw(self._noise, lambda nets, z, c: nets["generator"](nets["mapping"](z["z"]))))


@dataclass(frozen=True)
class ConditionalGan(Model, Latent):
    """GAN whose nets are told the condition; the same lines are a plain GAN where there is none."""

    latent: int = 4
    width: int = 16
    rate: float = 1e-3

    def nets(self, task: Task) -> dict[str, nn.Module]:
        given = math.prod(task.condition_shape)
        output: nn.Module = nn.Sigmoid() if task.kind == "images" else nn.Identity()
        body = mlp([self.latent + given, self.width, task.dim], nn.ReLU)
        return {
            "generator": nn.Sequential(*body, output, nn.Unflatten(1, task.shape)),
            "critic": scores(task.dim + given, self.width),
        }

    def phases(self, task: Task) -> Sequence[Phase]:
        def judge(nets: Nets, x: Tensor, c: Tensor) -> Tensor:
            return nets["critic"](torch.cat([x.flatten(1), c.flatten(1)], 1))

        def critic(nets: Nets, batch: Batch) -> Loss:
            with torch.no_grad():
                fake = self.generate(nets, batch.noise, batch.c)
            value = games.logistic_critic(judge(nets, batch.x, batch.c), judge(nets, fake, batch.c))
            return Loss(value, {"critic/loss": value})

        def generator(nets: Nets, batch: Batch) -> Loss:
            value = games.non_saturating(judge(nets, self.generate(nets, batch.noise, batch.c), batch.c))
            return Loss(value, {"generator/loss": value})

        optimizer, noise = adam(self.rate, (0.5, 0.999)), self._noise
        updates = [
            Update(critic, {"critic": optimizer}, noise),
            Update(generator, {"generator": optimizer}, noise),
        ]
        return [Phase(updates)]

    @property
    def _noise(self) -> dict[str, Noise]:
        return {"z": Noise("normal", (self.latent,))}

    def generate(self, nets: Nets, noise: Draws, c: Tensor) -> Tensor:
        return nets["generator"](torch.cat([noise["z"], c.flatten(1)], 1))

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw(self._noise, self.generate))


@dataclass(frozen=True)
class CycleGan(Model, Translator):
    """Unpaired translation between two clouds that correspond as distributions (Zhu et al. 2017)."""

    width: int = 16
    rate: float = 1e-3
    cycle: float = 10.0

    def refuses(self, task: Task) -> str | None:
        return (
            "there is no second domain" if task.condition is None or task.condition.kind != "points" else None
        )

    def nets(self, task: Task) -> dict[str, nn.Module]:
        d = task.dim
        return {
            "forward": mlp([d, self.width, d], nn.ReLU),
            "backward": mlp([d, self.width, d], nn.ReLU),
            "critic_x": scores(d, self.width),
            "critic_c": scores(d, self.width),
        }

    def phases(self, task: Task) -> Sequence[Phase]:
        def translate(nets: Nets, batch: Batch) -> Loss:
            x, c = nets["forward"](batch.c), nets["backward"](batch.x)
            back = (nets["backward"](x) - batch.c).abs().mean() + (nets["forward"](c) - batch.x).abs().mean()
            adversarial = sum(
                games.least_squares_generator(nets[critic](fake))
                for critic, fake in (("critic_x", x), ("critic_c", c))
            )
            return Loss(adversarial + self.cycle * back, {"forward/cycle": back})

        def judge(critic: str, translator: str, nets: Nets, real: Tensor, source: Tensor) -> Loss:
            with torch.no_grad():
                fake = nets[translator](source)
            value = games.least_squares_critic(nets[critic](real), nets[critic](fake))
            return Loss(value, {f"{critic}/loss": value})

        def judge_x(nets: Nets, batch: Batch) -> Loss:
            return judge("critic_x", "forward", nets, batch.x, batch.c)

        def judge_c(nets: Nets, batch: Batch) -> Loss:
            return judge("critic_c", "backward", nets, batch.c, batch.x)

        optimizer = adam(self.rate, (0.5, 0.999))
        updates = [
            Update(translate, {"forward": optimizer, "backward": optimizer}),
            Update(judge_x, {"critic_x": optimizer}),
            Update(judge_c, {"critic_c": optimizer}),
        ]
        return [Phase(updates)]

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw({}, lambda nets, noise, c: nets["forward"](c)))


class MaskedConv(nn.Conv2d):
    """Convolution that sees pixels above and to the left; the centre too unless it is the first."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, first: bool) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        mask = torch.ones(kernel, kernel)
        mask[kernel // 2, kernel // 2 + (not first) :] = 0
        mask[kernel // 2 + 1 :] = 0
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


@dataclass(frozen=True)
class PixelCnn(Model, Density):
    """Bernoulli pixels one after the other, a step of the sampler each (van den Oord et al. 2016)."""

    channels: int = 4
    rate: float = 3e-3

    def refuses(self, task: Task) -> str | None:
        return None if task.kind == "images" and task.shape[0] == 1 else "needs images of one channel"

    def nets(self, task: Task) -> dict[str, nn.Module]:
        body = [
            MaskedConv(1, self.channels, 5, True),
            nn.ReLU(),
            MaskedConv(self.channels, self.channels, 3, False),
        ]
        return {"pixelcnn": nn.Sequential(*body, nn.ReLU(), nn.Conv2d(self.channels, 1, 1))}

    def log_prob(self, task: Task, nets: Nets, x: Tensor, c: Tensor) -> Tensor:
        return -F.binary_cross_entropy_with_logits(nets["pixelcnn"](x), x, reduction="none").flatten(1).sum(1)

    def phases(self, task: Task) -> Sequence[Phase]:
        def objective(nets: Nets, batch: Batch) -> Loss:
            value = -self.log_prob(task, nets, batch.x, batch.c).mean()
            return Loss(value, {"pixelcnn/loss": value})

        return [Phase([Update(objective, {"pixelcnn": adam(self.rate)})])]

    def sampler(self, task: Task) -> Sampler:
        pixels = math.prod(task.shape)

        def pixel(nets: Nets, x: Tensor, noise: Draws, c: Tensor, i: int) -> Tensor:
            here = (torch.arange(pixels, device=x.device) == i).view(1, *task.shape)
            drawn = noise["u"].view(-1, 1, 1, 1) < torch.sigmoid(nets["pixelcnn"](x))
            return torch.where(here, drawn.to(x.dtype), x)

        blank = Draw({"u": Noise("uniform", task.shape)}, lambda nets, noise, c: torch.zeros_like(noise["u"]))
        return Sampler(blank, Draw({"u": Noise("uniform")}, pixel), pixels)


class Denoiser(nn.Module):
    """D(x; σ) with the preconditioning of Karras et al. 2022, (B, D), (B,) → (B, D)."""

    def __init__(self, dim: int, width: int, data: float) -> None:
        super().__init__()
        self.data = data
        self.body = mlp([dim + 1, width, width, dim], nn.SiLU)

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        s = sigma.unsqueeze(-1)
        total = s**2 + self.data**2
        inner = self.body(torch.cat([x / total.sqrt(), s.log() / 4], -1))
        return self.data**2 / total * x + s * self.data / total.sqrt() * inner


@dataclass(frozen=True)
class Diffusion(Model):
    """Diffusion on points with averaged weights, warm-up and decay of the step size (Karras et al. 2022)."""

    width: int = 16
    rate: float = 2e-3
    decay: float = 0.9
    levels: int = 6
    low: float = 0.005
    high: float = 10.0
    data: float = 0.7

    def refuses(self, task: Task) -> str | None:
        return "written for points" if task.kind != "points" else None

    def nets(self, task: Task) -> dict[str, nn.Module]:
        net = Denoiser(task.dim, self.width, self.data)
        return {"denoiser": net, "average": copy.deepcopy(net)}

    def phases(self, task: Task) -> Sequence[Phase]:
        def objective(nets: Nets, batch: Batch) -> Loss:
            sigma = (1.2 * batch.noise["level"] - 1.2).exp()
            weight = (sigma**2 + self.data**2) / (sigma * self.data) ** 2
            denoised = nets["denoiser"](batch.x + sigma[:, None] * batch.noise["x"], sigma)
            value = (weight * (denoised - batch.x).square().sum(1)).mean()
            return Loss(value, {"denoiser/loss": value})

        optimizer = chain(adam(self.rate), scale_by_schedule(warm_up(3)), scale_by_schedule(cosine(0.1)))
        noise = {"level": Noise("normal"), "x": Noise("normal", task.shape)}
        return [
            Phase([Update(objective, {"denoiser": optimizer}, noise), ema("average", "denoiser", self.decay)])
        ]

    def sampler(self, task: Task) -> Sampler:
        ramp, rho = torch.linspace(0, 1, self.levels, device=task.device), 7.0
        low, high = self.low ** (1 / rho), self.high ** (1 / rho)
        sigmas = torch.cat([(high + ramp * (low - high)) ** rho, ramp.new_zeros(1)])

        def step(nets: Nets, x: Tensor, noise: Draws, c: Tensor, i: int) -> Tensor:
            now, then = sigmas[i], sigmas[i + 1]
            return x + (then - now) * (x - nets["average"](x, now.expand(len(x)))) / now

        start = Draw({"x": Noise("normal", task.shape)}, lambda nets, noise, c: self.high * noise["x"])
        return Sampler(start, Draw({}, step), self.levels)


class MixtureParameters(nn.Module):
    """Isotropic Gaussians around random training points (Bishop 2006, section 9.2)."""

    def __init__(self, components: int, x: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.log_scales = nn.Parameter(x.std().log() + torch.zeros(components))
        self.centers = nn.Parameter(x[torch.randperm(len(x))[:components]].clone())

    def joint(self, x: Tensor) -> Tensor:
        """log p(x, k), (B, D) → (B, K)."""
        squares = (x[:, None] - self.centers).square().sum(2)
        volumes = x.shape[1] * (self.log_scales + math.log(2 * math.pi) / 2)
        return self.logits.log_softmax(0) - volumes - squares / (2 * (2 * self.log_scales).exp())


@dataclass(frozen=True)
class GaussianMixture(Model, Density):
    """Mixture of isotropic Gaussians by EM: every step an assignment on all data (Dempster et al. 1977)."""

    components: int = 4

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"mixture": MixtureParameters(self.components, task.to_float(task.train).flatten(1).cpu())}

    def log_prob(self, task: Task, nets: Nets, x: Tensor, c: Tensor) -> Tensor:
        return nets["mixture"].joint(x.flatten(1)).logsumexp(1)

    def phases(self, task: Task) -> Sequence[Phase]:
        def em(nets: Nets, batch: Batch) -> Values:
            x = batch.x.flatten(1)
            joint = nets["mixture"].joint(x)
            shares = joint.softmax(1)
            counts = shares.sum(0) + 1e-6
            centers = shares.T @ x / counts[:, None]
            variances = (shares * (x[:, None] - centers).square().mean(2)).sum(0) / counts
            values = {"logits": counts.log(), "centers": centers, "log_scales": (variances + 1e-6).log() / 2}
            return Values({"mixture": values}, {"mixture/log_likelihood": joint.logsumexp(1).mean()})

        return [Phase([Assign(em, ("mixture",), data="all")])]

    def sampler(self, task: Task) -> Sampler:
        def draw(nets: Nets, noise: Draws, c: Tensor) -> Tensor:
            mixture = nets["mixture"]
            k = torch.searchsorted(mixture.logits.softmax(0).cumsum(0), noise["k"]).clamp_max(
                self.components - 1
            )
            x = mixture.centers[k] + mixture.log_scales.exp()[k, None] * noise["x"]
            x = x.clamp(0, 1) if task.kind == "images" else x
            return x.unflatten(1, task.shape)

        return Sampler(Draw({"k": Noise("uniform"), "x": Noise("normal", (task.dim,))}, draw))


class Axes(nn.Module):
    """A mean and scaled principal axes."""

    def __init__(self, dim: int, latent: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(dim))
        self.axes = nn.Parameter(torch.randn(latent, dim))


@dataclass(frozen=True)
class Pca(Model, Latent):
    """Principal components by one decomposition of all data, sampled as a Gaussian (Pearson 1901)."""

    latent: int = 1

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"pca": Axes(task.dim, self.latent)}

    def phases(self, task: Task) -> Sequence[Phase]:
        def fit(nets: Nets, batch: Batch) -> Values:
            x = batch.x.flatten(1)
            centred = x - x.mean(0)
            variances, directions = torch.linalg.eigh(centred.T @ centred / len(x))
            largest = variances[-self.latent :].clamp_min(0).sqrt() * directions[:, -self.latent :]
            return Values({"pca": {"mean": x.mean(0), "axes": largest.T}}, {"pca/variance": variances.sum()})

        return [Phase([Assign(fit, ("pca",), data="all")], steps=1)]

    def sampler(self, task: Task) -> Sampler:
        def draw(nets: Nets, noise: Draws, c: Tensor) -> Tensor:
            x = (nets["pca"].mean + noise["z"] @ nets["pca"].axes).unflatten(1, task.shape)
            return x.clamp(0, 1) if task.kind == "images" else x

        return Sampler(Draw({"z": Noise("normal", (self.latent,))}, draw))


SEVEN: tuple[Model, ...] = (
    Alae(),
    ConditionalGan(),
    CycleGan(),
    PixelCnn(),
    Diffusion(),
    GaussianMixture(),
    Pca(),
)
