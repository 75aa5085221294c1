"""One update of every seed as a pure function: forward, backward, optimiser, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor

from genbench.engine.gradients import Gradient
from genbench.engine.nets import Layout
from genbench.kernels.products import full_width
from genbench.models.model import Update
from genbench.ops.optim import State as OptimizerState
from genbench.types import Precision


class Given(NamedTuple):
    """What an update starts from; seeds lie in front, but for `step` and what an optimiser keeps for all.

    Attributes:
        died: step at which each seed's training broke, −1 while it lives, shape (S,).
        step: the current one, shape ().
    """

    players: Mapping[str, Tensor]
    optimizer: OptimizerState
    buffers: Mapping[str, Tensor]
    died: Tensor
    step: Tensor
    x: Tensor
    noise: Mapping[str, Tensor]


class Made(NamedTuple):
    """What an update leaves: the player's new parameters, new buffers, and signals, shape (S, signals)."""

    player: Tensor
    optimizer: OptimizerState
    buffers: dict[str, Tensor]
    died: Tensor
    signals: Tensor


class Program:
    """An update bound to nets, to the way its gradient is taken, and to a precision.

    Attributes:
        names: of the signals, known once it has run.
    """

    def __init__(
        self,
        update: Update,
        layouts: Mapping[str, Layout],
        gradient: Gradient,
        precision: Precision = "fp32",
    ) -> None:
        self.update, self.layout, self.precision = update, layouts[update.player], precision
        self.gradient = gradient
        self.names: tuple[str, ...] = ()

    def __call__(self, given: Given) -> Made:
        update, player = self.update, given.players[self.update.player]
        with torch.autocast(player.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            slope, loss = self.gradient(player, given.players, given.buffers, given.x, given.noise)
        size = slope.norm(dim=1)
        broken = ~(size + loss.value).isfinite()
        died = torch.where((given.died < 0) & broken, given.step, given.died)
        alive = died < 0
        change, optimizer = update.optimizer.update(slope, given.optimizer, player)
        moved = player + torch.where(alive[:, None], change, 0)
        moved = moved if update.project is None else update.project(moved)
        buffers = {
            name: torch.where(alive.view(-1, *[1] * (value.dim() - 1)), value, given.buffers[name])
            for name, value in loss.buffers.items()
        }
        return Made(moved, optimizer, buffers, died, self._signals(slope, size, change, loss.stats))

    def _signals(self, slope: Tensor, size: Tensor, change: Tensor, stats: Mapping[str, Tensor]) -> Tensor:
        first, last = self.layout.layers
        signals = {
            f"{self.update.player}/grad_norm": size,
            f"{self.update.player}/grad_norm_first": slope[:, first].norm(dim=1),
            f"{self.update.player}/grad_norm_last": slope[:, last].norm(dim=1),
            f"{self.update.player}/update_norm": change.norm(dim=1),
            **stats,
        }
        self.names = tuple(signals)
        return torch.stack([signal.float() for signal in signals.values()], dim=1)


@contextmanager
def products(precision: Precision, device: torch.device) -> Iterator[None]:
    """The matrix products of a precision: at full width on a CPU; a GPU may use TF32 if that is asked for."""
    if device.type == "cpu":
        with full_width(device):
            yield
        return
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]
