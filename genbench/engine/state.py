"""The state of many seeds: all that a resumed run needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from genbench.ops.optim import State as OptimizerState


@dataclass
class State:
    """All that a resumed run needs; seeds lie in front of every tensor.

    Attributes:
        died: step at which a seed's loss or gradient stopped being finite; −1 while it lives.
        watched: what looks at samples carry on from one to the next; training never reads it.
    """

    step: int
    seconds: float
    players: dict[str, Tensor]
    buffers: dict[str, Tensor]
    died: Tensor
    optimizers: dict[str, OptimizerState] = field(default_factory=dict)
    watched: dict[str, Tensor] = field(default_factory=dict)

    @property
    def alive(self) -> Tensor:
        return self.died < 0

    @property
    def of_earlier_version(self) -> bool:
        """Whether optimisers are named after updates, by their number, and not after players."""
        return any(key.partition(".")[2].isdigit() for key in self.optimizers)

    def rows(self, rows: slice) -> State:
        """The state of some seeds."""
        return replace(
            self,
            players=_cut(self.players, rows),
            buffers=_cut(self.buffers, rows),
            died=self.died[rows],
            optimizers={u: _cut(own, rows) for u, own in self.optimizers.items()},
        )

    def join(self, parts: Sequence[State]) -> None:
        """Become the state of all seeds, from the states of groups of them in order."""
        self.players = _joined([part.players for part in parts])
        self.buffers = _joined([part.buffers for part in parts])
        self.died = torch.cat([part.died for part in parts])
        self.optimizers = {u: _joined([part.optimizers[u] for part in parts]) for u in parts[0].optimizers}


def _cut(tensors: Mapping[str, Tensor], rows: slice) -> dict[str, Tensor]:
    """Some seeds of each tensor; what has no axis is kept for all seeds."""
    return {name: t[rows] if t.dim() else t for name, t in tensors.items()}


def _joined(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.cat([p[name] for p in parts]) if t.dim() else t for name, t in parts[0].items()}
