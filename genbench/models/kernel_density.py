"""A kernel density as a model: what it memorises is set by one number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genbench.models.model import Batch, Draw, Draws, Loss, Model, Nets, Noise, Phase, Sampler, Update
from genbench.ops.optim import adam
from genbench.tasks.task import Task


class Kernels(nn.Module):
    """Gaussian kernels of one width on fixed points (N, D)."""

    points: Tensor

    def __init__(self, points: Tensor, width: float) -> None:
        super().__init__()
        self.register_buffer("points", points)
        self.log_width = nn.Parameter(torch.full((1, 1), math.log(width)))

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) but for a constant, (B, D) → (B,)."""
        squares = (x[:, None] - self.points).square().sum(2) / (2 * self._width().square())
        return torch.logsumexp(-squares, 1) - x.shape[1] * self.log_width.squeeze()

    def draw(self, choice: Tensor, noise: Tensor) -> Tensor:
        """Points chosen by uniform numbers (B,), blurred by normal ones (B, D)."""
        return self.points[(choice * len(self.points)).long()] + self._width() * noise

    def _width(self) -> Tensor:
        return self.log_width.squeeze().exp()


@dataclass(frozen=True)
class Parzen(Model):
    """Kernel density of the training data (Parzen 1962).

    With a rate it fits its width to the likelihood of the very points that its kernels stand on, which has no
    maximum but zero width: the estimate turns into a copy of the data.

    Attributes:
        width: of the kernels at first, in units of the data.
    """

    width: float = 0.3
    rate: float = 0.0

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"parzen": Kernels(task.to_float(task.train).flatten(1), self.width)}

    def phases(self, task: Task) -> Sequence[Phase]:
        def objective(nets: Nets, batch: Batch) -> Loss:
            value = -nets["parzen"].log_density(batch.x.flatten(1)).mean()
            return Loss(value, {"parzen/loss": value})

        return [Phase([Update(objective, {"parzen": adam(self.rate)})])]

    def sampler(self, task: Task) -> Sampler:
        """A training example chosen at random, blurred by its kernel; images are cut to [0, 1]."""

        def draw(nets: Nets, noise: Draws, c: Tensor) -> Tensor:
            x = torch.unflatten(nets["parzen"].draw(noise["choice"], noise["blur"]), 1, task.shape)
            return x.clamp(0, 1) if task.kind == "images" else x

        return Sampler(Draw({"choice": Noise("uniform"), "blur": Noise("normal", (task.dim,))}, draw))
