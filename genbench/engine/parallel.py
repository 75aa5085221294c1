"""One model over several processes: each takes its share of every batch, and their gradients are averaged.

Processes are started by ``torchrun``. The first one leads: it alone reads, evaluates and writes, and tells
the others to train along whenever it does. All keep the same parameters, since they see the same gradient.
That is the whole batch's, up to rounding, where a loss is a mean over its examples; other losses are refused.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as distributed
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from genbench.engine.ensemble import Ensemble
from genbench.engine.gradients import Gradient, ModuleSeeds, Tensors, gradient
from genbench.engine.rehearsal import example_batch
from genbench.engine.state import State
from genbench.models.model import Batch, Loss, Update

PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others: as long as the leader may evaluate."""
TOLERANCE = 1e-3
"""Relative difference between the gradient of a batch and the mean of its parts' that rounding explains."""


@dataclass(frozen=True)
class Split:
    """A process's share of each batch; maps a gradient of the whole batch to the average of all shares'."""

    rank: int
    size: int

    def __call__(self, whole: Gradient) -> Gradient:
        def averaged(
            own: Tensors, players: Tensors, buffers: Tensors, batch: Batch, module_seeds: ModuleSeeds
        ) -> tuple[dict[str, Tensor], Loss]:
            return _mean(whole(own, players, buffers, self.share(batch), module_seeds), self.size)

        return averaged

    def share(self, batch: Batch) -> Batch:
        """This process's examples with what belongs to them; seeds lie in front of the examples."""
        noise = {name: self._part(t) for name, t in batch.noise.items()}
        return Batch(self._part(batch.x), self._part(batch.c), noise, batch.progress)

    def _part(self, stacked: Tensor) -> Tensor:
        return stacked.chunk(self.size, 1)[self.rank]


@dataclass(frozen=True)
class Order:
    """What the leader asks of the others: to train a run up to a step.

    Attributes:
        state: where from, as bytes; None for the state that they have.
    """

    config: Any
    stop: int
    state: bytes | None


class Group:
    """Processes that train one model together; `rank` 0 leads."""

    def __init__(self, rank: int, size: int, device: torch.device) -> None:
        self.rank, self.size, self.device = rank, size, device
        self._reached: tuple[object, int] | None = None

    def split(self) -> Split:
        """This process's share of every batch."""
        return Split(self.rank, self.size)

    def lead(self, config: Any, state: State, stop: int) -> None:
        """Have the others train `config` up to `stop`, from `state`, while this process does."""
        known = self._reached == (config, state.step)
        self._tell(Order(config, stop, None if known else _packed(state)))
        self._reached = config, stop

    def dismiss(self) -> None:
        """The others may go; the group is over."""
        self._tell(None)
        distributed.destroy_process_group()

    def hear(self) -> Order | None:
        """The leader's next order; None when there will be no more."""
        heard: list[Order | None] = [None]
        distributed.broadcast_object_list(heard, src=0)
        if heard[0] is None:
            distributed.destroy_process_group()
        return heard[0]

    def _tell(self, order: Order | None) -> None:
        distributed.broadcast_object_list([order], src=0)


def launched() -> int:
    """How many processes ``torchrun`` has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", 1))


def join(device: torch.device) -> Group | None:
    """The group that ``torchrun`` has started this process in; None if it has started no other."""
    size, rank = launched(), int(os.environ.get("RANK", 0))
    if size == 1:
        return None
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    return Group(rank, size, device)


def refuses(ensemble: Ensemble, size: int) -> str | None:
    """Why the ensemble's batches cannot be split over `size` processes, as a phrase; None if they can."""
    model, task, batch = ensemble.model, ensemble.task, ensemble.batch
    if batch % size:
        return f"a batch of {batch} cannot be split over {size} processes; give a multiple"
    one = ensemble.varied(seeds=ensemble.seeds[:1], backend="loop")
    if one.traits.random:
        return f"its modules draw random numbers of their own, which {size} processes would draw differently"
    if model.buffers(task, batch) or one.traits.changing:
        return f"what it keeps beside its parameters cannot be split over {size} processes"
    tied = _tied(one, size)
    if tied is None:
        return None
    return f"the loss of its {tied} ties a batch's examples together, as batch norm does, and cannot be split"


def unpack(data: bytes, device: torch.device) -> dict[str, Any]:
    """The attributes of a state that came as bytes."""
    attributes: dict[str, Any] = torch.load(io.BytesIO(data), map_location=device, weights_only=True)
    return attributes


def _packed(state: State) -> bytes:
    buffer = io.BytesIO()
    torch.save(vars(state), buffer)
    return buffer.getvalue()


def _tied(one: Ensemble, size: int) -> str | None:
    """The first player whose gradient of a batch is not the mean over the parts of the batch."""
    shares = [Split(rank, size) for rank in range(size)]
    state = one.initial()
    players, buffers = state.players, state.buffers
    updates = [u for span in one.spans for u in span.updates if isinstance(u, Update)]
    for update in updates:
        batch = example_batch(one.task, update, one.batch, one.generators("split"))
        own = {player: players[player] for player in update.players}
        of = gradient(update, one.layouts, "loop")
        whole, _ = of(own, players, buffers, batch, (None,))
        parts = [of(own, players, buffers, each.share(batch), (None,))[0] for each in shares]
        for player in own:
            mean = torch.stack([part[player] for part in parts]).mean(0)
            if (mean - whole[player]).norm() > TOLERANCE * whole[player].norm():
                return player
    return None


def _mean(own: tuple[dict[str, Tensor], Loss], size: int) -> tuple[dict[str, Tensor], Loss]:
    """The mean over all processes, in one exchange."""
    leaves, form = tree_flatten(own)
    together = torch.cat([leaf.reshape(-1) for leaf in leaves])
    distributed.all_reduce(together)
    parts = (together / size).split([leaf.numel() for leaf in leaves])
    mean: tuple[dict[str, Tensor], Loss] = tree_unflatten(
        [part.view(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)], form
    )
    return mean
