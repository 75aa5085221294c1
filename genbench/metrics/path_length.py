"""Latent path length: how far samples move when the noise behind them moves a little."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from pydantic import PositiveInt
from torch import Tensor

from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.uncertainty import around
from genbench.models.capabilities import Latent
from genbench.models.model import Draws, Model, Nets, Noise, Sampler
from genbench.registry import metrics
from genbench.types import Estimate, InputError

STEP = 1e-2
"""Of the interpolation parameter; larger than the 1e-4 of Karras et al., for single precision's sake."""

_BATCH = 500


def path_length(subject: Subject, n: int) -> Estimate:
    """Mean of |G(z(t + ε)) − G(z(t))|² / ε² over `n` paths between two draws of noise.

    After Karras et al. 2019 (arXiv:1812.04948), with Euclidean distance of the examples in place of their
    perceptual one: t is uniform, normal noise moves on the great circle, uniform noise on the line. Small
    values mean a smooth map, and a constant one has none: never read it alone.

    Raises:
        InputError: the subject has no model that samples in one pass.
    """
    model, task = subject.model, subject.task
    if not (isinstance(model, Model) and isinstance(model, Latent)):
        raise InputError("path length needs a model that makes samples from noise in one pass")
    generator, sampler = torch.Generator().manual_seed(0), model.sampler(task)
    noises, lengths = sampler.start.noise, []
    for asked in task.asked(n).split(_BATCH):
        first, second = (_draws(noises, len(asked), generator, task.device) for _ in range(2))
        t = torch.rand(len(asked), generator=generator).to(task.device)
        near, far = (between(noises, first, second, t + shift) for shift in (0.0, STEP))
        with torch.no_grad():
            moved = _made(sampler, subject.nets, far, asked) - _made(sampler, subject.nets, near, asked)
        lengths.append(moved.flatten(1).double().square().sum(dim=1) / STEP**2)
    every = torch.cat(lengths)
    if not every.isfinite().all():
        raise InputError("samples along latent paths are not finite; mend the model")
    return around(float(every.mean()), float(every.std()) / math.sqrt(n), n, least=0)


@metrics.register("path_length", cite="karras2019stylegan")
def path_length_metric(n: PositiveInt = 1000) -> Metric:
    """Latent path length over `n` paths: squared change of a sample for a change of its noise.

    For models that make samples from noise in one pass; see `path_length`. Real data come from no noise and
    have no score.
    """

    def estimate(subject: Subject) -> Estimate:
        return path_length(subject, n)

    def refuses(subject: Subject) -> str | None:
        direct = isinstance(subject.model, Latent)
        return None if direct else "the model does not make samples from noise in one pass"

    return Metric(f"path_length@{label(n)}", "lower", estimate, refuses, scale="log")


def _made(sampler: Sampler, nets: Nets, noise: Draws, asked: Tensor) -> Tensor:
    """Samples (n, *task.shape) of one pass; what is drawn at the end of it is left at its middle."""
    x = sampler.start.of(nets, noise, asked)
    if sampler.read is None:
        return x
    middles = {
        name: x.new_full((len(x), *declared.shape), _MIDDLES[declared.distribution])
        for name, declared in sampler.read.noise.items()
    }
    return sampler.read.of(nets, x, middles, asked)


_MIDDLES = {"normal": 0.0, "uniform": 0.5}


def _draws(
    noises: Mapping[str, Noise], n: int, generator: torch.Generator, device: torch.device
) -> dict[str, Tensor]:
    return {name: noise.draw((n,), generator).to(device) for name, noise in noises.items()}


def between(
    declared: Mapping[str, Noise], start: Mapping[str, Tensor], end: Mapping[str, Tensor], t: Tensor
) -> dict[str, Tensor]:
    """Noise at the fractions `t`, shape (n,), of the ways: great circles if normal, lines if uniform."""
    between: dict[str, Tensor] = {}
    for name, noise in declared.items():
        along = t.view(-1, *[1] * len(noise.shape))
        mix = spherical if noise.distribution == "normal" else torch.lerp
        between[name] = mix(start[name], end[name], along)
    return between


def spherical(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Great-circle interpolation of each row, its length linear, shapes (n, …), t of shape (n, 1, …)."""
    from_length, to_length = (part.flatten(1).norm(dim=1).view_as(t) for part in (start, end))
    a, b = start / from_length, end / to_length
    angle = (a * b).flatten(1).sum(dim=1).view_as(t).clamp(-1, 1).acos()
    direction = (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()
    parallel = angle.sin().abs() < 1e-6
    return torch.where(parallel, torch.lerp(a, b, t), direction) * torch.lerp(from_length, to_length, t)
