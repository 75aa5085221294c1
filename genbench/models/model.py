"""What a model is: hyperparameters, and a description of one training step for ONE seed.

The engine stacks seeds, draws noise, takes gradients and steps the optimisers; a model never does.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from torch import Tensor, nn

from genbench.ops.optim import Optimizer
from genbench.tasks.task import Task

Nets = Mapping[str, Any]
"""A seed's networks by name; each is called like a module, and so is each of its methods."""

Draws = Mapping[str, Tensor]
"""Drawn noise by the name it was declared under."""


@dataclass(frozen=True)
class Noise:
    """Random numbers that a computation needs, drawn for it by the engine.

    Attributes:
        distribution: standard normal, or uniform on [0, 1).
    """

    distribution: Literal["normal", "uniform"]
    shape: tuple[int, ...]

    @property
    def numel(self) -> int:
        return math.prod(self.shape)


class Loss(NamedTuple):
    """What one evaluation of an update's loss gives.

    Attributes:
        value: the scalar to descend.
        stats: scalars to record, named as signals.
        buffers: new values of buffers, by ``"net.buffer"``.
    """

    value: Tensor
    stats: Mapping[str, Tensor] = {}
    buffers: Mapping[str, Tensor] = {}


LossFunction = Callable[[Nets, Tensor, Draws], Loss]

GradientFunction = Callable[[Nets, Tensor, Draws], tuple[Mapping[str, Tensor], Loss]]
"""A loss with its gradient by the player's parameter names, of all seeds at once: they lie in front of every
parameter, buffer, input and result."""


@dataclass(frozen=True)
class Update:
    """Descend `loss` in the parameters of one net, the player.

    Attributes:
        loss: pure function (nets, x, noise) → Loss of one seed's batch x, shape (B, *task.shape).
        repeats: how often in a step, each time with a fresh batch and fresh noise.
        project: maps the player's flat parameters back into a feasible set after each update.
        gradient: the gradient of `loss` in closed form, where that is cheaper than differentiating it, and
            all else that `loss` gives. Batched runs take it; a loop over seeds differentiates `loss`, so
            that comparing the two checks it. None where `loss` is differentiated in either case.
    """

    player: str
    loss: LossFunction
    optimizer: Optimizer
    repeats: int = 1
    project: Callable[[Tensor], Tensor] | None = None
    gradient: GradientFunction | None = None


@dataclass(frozen=True)
class Phase:
    """A stretch of training with its own updates; `share` is its share of the step budget."""

    updates: Sequence[Update]
    share: float = 1.0
    name: str = ""


class Model(abc.ABC):
    """A generative method on any task it does not refuse."""

    def refuses(self, task: Task) -> str | None:
        """Why this model cannot run on `task`, as a phrase for the leaderboard; None if it can."""
        return None

    @abc.abstractmethod
    def nets(self, task: Task) -> dict[str, nn.Module]:
        """Freshly initialised networks; called once a seed, under that seed's random state."""

    @abc.abstractmethod
    def noise(self, task: Task, batch: int) -> dict[str, Noise]:
        """What each evaluation of a loss needs, for a batch of `batch` examples."""

    @abc.abstractmethod
    def phases(self, task: Task) -> Sequence[Phase]:
        """The stretches of training, in order."""

    def buffers(self, task: Task, batch: int) -> dict[str, Noise]:
        """State beside the parameters, by ``"net.buffer"``, with the noise it starts as."""
        return {}


class DirectSampler(abc.ABC):
    """A model whose samples are one pass through its nets."""

    @abc.abstractmethod
    def sample_noise(self, task: Task, n: int) -> dict[str, Noise]:
        """What `n` samples need."""

    @abc.abstractmethod
    def sample(self, task: Task, nets: Nets, noise: Draws) -> Tensor:
        """Samples of one seed, shape (n, *task.shape), images in [0, 1]."""


class ChainSampler(abc.ABC):
    """A model whose samples are read at the end of Markov chains, one chain a sample."""

    sampling_sweeps: int

    @abc.abstractmethod
    def start_noise(self, task: Task, n: int) -> dict[str, Noise]:
        """What the start of `n` chains needs."""

    @abc.abstractmethod
    def start(self, task: Task, nets: Nets, noise: Draws) -> Tensor:
        """First state of the chains, shape (n, units)."""

    @abc.abstractmethod
    def start_at(self, task: Task, nets: Nets, x: Tensor, noise: Draws) -> Tensor:
        """First state of chains that start at data (n, *task.shape), from the same noise as `start`."""

    @abc.abstractmethod
    def sweep_noise(self, task: Task, n: int) -> dict[str, Noise]:
        """What one sweep of `n` chains needs."""

    @abc.abstractmethod
    def sweep(self, task: Task, nets: Nets, state: Tensor, noise: Draws) -> Tensor:
        """Next state of the chains."""

    @abc.abstractmethod
    def read_noise(self, task: Task, n: int) -> dict[str, Noise]:
        """What reading `n` samples needs."""

    @abc.abstractmethod
    def read(self, task: Task, nets: Nets, state: Tensor, noise: Draws) -> Tensor:
        """Samples from the last state, shape (n, *task.shape), images in [0, 1]."""
