"""One update of every seed as a pure function: forward, backward, optimisers, statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor

from genbench.engine.gradients import Assignment, Gradient, Layouts, ModuleSeeds, Tensors
from genbench.kernels.products import full_width
from genbench.models.model import Assign, Batch, Update
from genbench.ops.optim import State as OptimizerState
from genbench.types import Precision


class StepInputs(NamedTuple):
    """What an update starts from; seeds lie in front, but for what all seeds share.

    Attributes:
        optimizers: what the optimisers of the players that move remember.
        died: step at which each seed's training broke, −1 while it lives, shape (S,).
        step: the current one, shape ().
        batch: shapes (S, B, …), or (N, …) of `x` and `c` where the update sees all data; progress is ().
        module_seeds: see `engine.gradients`.
    """

    players: Tensors
    optimizers: Mapping[str, OptimizerState]
    buffers: Tensors
    died: Tensor
    step: Tensor
    batch: Batch
    module_seeds: ModuleSeeds


class StepOutputs(NamedTuple):
    """What an update leaves: new parameters (S, P) of those that moved, new buffers, signals (S, signals)."""

    players: dict[str, Tensor]
    optimizers: dict[str, OptimizerState]
    buffers: dict[str, Tensor]
    died: Tensor
    signals: Tensor


Program = Callable[[StepInputs], StepOutputs]


class UpdateProgram:
    """An update bound to nets, to the way its gradient is taken, and to a precision.

    Attributes:
        names: of the signals, known once it has run.
    """

    def __init__(
        self, update: Update, layouts: Layouts, gradient: Gradient, precision: Precision = "fp32"
    ) -> None:
        self.update, self.layouts, self.precision = update, layouts, precision
        self.gradient = gradient
        self.names: tuple[str, ...] = ()

    def __call__(self, inputs: StepInputs) -> StepOutputs:
        own = {player: inputs.players[player] for player in self.update.players}
        with torch.autocast(inputs.died.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            gradients, loss = self.gradient(
                own, inputs.players, inputs.buffers, inputs.batch, inputs.module_seeds
            )
        norms = {player: gradient.norm(dim=1) for player, gradient in gradients.items()}
        died = _died(inputs, loss.value, *norms.values())
        changes, optimizers = self._changes(gradients, own, inputs)
        return StepOutputs(
            {player: self._moved(player, flat, changes[player], died < 0) for player, flat in own.items()},
            optimizers,
            _where_alive(died < 0, loss.buffers, inputs.buffers),
            died,
            self._signals(gradients, norms, changes, {**loss.stats, **self._factors(inputs)}),
        )

    def _changes(
        self, gradients: Tensors, own: Tensors, inputs: StepInputs
    ) -> tuple[dict[str, Tensor], dict[str, OptimizerState]]:
        changes, states = dict[str, Tensor](), dict[str, OptimizerState]()
        for player, optimizer in self.update.optimizers.items():
            changes[player], states[player] = optimizer.update(
                gradients[player], inputs.optimizers[player], own[player], inputs.batch.progress
            )
        return changes, states

    def _factors(self, inputs: StepInputs) -> dict[str, Tensor]:
        """What schedules leave of each player's step size, shape (S,), where there are any."""
        left = {
            f"{player}/rate_factor": optimizer.factor(inputs.optimizers[player], inputs.batch.progress)
            for player, optimizer in self.update.optimizers.items()
            if optimizer.factor
        }
        alike = torch.ones(len(inputs.died), device=inputs.died.device)
        return {name: alike * factor for name, factor in left.items()}

    def _moved(self, player: str, flat: Tensor, change: Tensor, alive: Tensor) -> Tensor:
        moved = flat + torch.where(alive[:, None], change, 0)
        project = self.update.project.get(player)
        return moved if project is None else project(moved)

    def _signals(self, gradients: Tensors, norms: Tensors, changes: Tensors, stats: Tensors) -> Tensor:
        signals: dict[str, Tensor] = {}
        for player, gradient in gradients.items():
            first, last = self.layouts[player].layers
            signals |= {
                f"{player}/grad_norm": norms[player],
                f"{player}/grad_norm_first": gradient[:, first].norm(dim=1),
                f"{player}/grad_norm_last": gradient[:, last].norm(dim=1),
                f"{player}/update_norm": changes[player].norm(dim=1),
            }
        signals |= stats
        self.names = tuple(signals)
        return torch.stack([signal.float() for signal in signals.values()], dim=1)


class AssignProgram:
    """An assignment bound to nets.

    Attributes:
        names: of the signals, known once it has run.
    """

    def __init__(self, assign: Assign, assignment: Assignment) -> None:
        self.assign, self.assignment = assign, assignment
        self.names: tuple[str, ...] = ()

    def __call__(self, inputs: StepInputs) -> StepOutputs:
        found = self.assignment(inputs.players, inputs.buffers, inputs.batch, inputs.module_seeds)
        values: Tensors = {p: found.values[p] for p in self.assign.players}  # type: ignore[misc]
        died = _died(inputs, *(flat.sum(dim=1) for flat in values.values()))
        self.names = tuple(found.stats)
        stats = [signal.float() for signal in found.stats.values()]
        return StepOutputs(
            _where_alive(died < 0, values, inputs.players),
            {},
            _where_alive(died < 0, found.buffers, inputs.buffers),
            died,
            torch.stack(stats, dim=1) if stats else died.new_zeros((len(died), 0)),
        )


def _died(inputs: StepInputs, first: Tensor, *more: Tensor) -> Tensor:
    """When each seed's training broke: now, where one of these numbers (S,) is not finite any more."""
    broken = ~sum(more, first).isfinite()
    return torch.where((inputs.died < 0) & broken, inputs.step, inputs.died)


def _where_alive(alive: Tensor, new: Tensors, old: Tensors) -> dict[str, Tensor]:
    return {
        name: torch.where(alive.view(-1, *[1] * (value.dim() - 1)), value, old[name])
        for name, value in new.items()
    }


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
