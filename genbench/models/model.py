"""What a model is: hyperparameters, and a description of one training step for ONE seed.

The engine stacks seeds, draws noise, takes gradients and steps the optimisers; a model never does.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from genbench.ops.optim import Optimizer
from genbench.tasks.task import Task

Nets = Mapping[str, Any]
"""A seed's networks by name; each is called like a module, and so are its methods and submodules."""

Draws = Mapping[str, Tensor]
"""Drawn noise by the name it was declared under, examples in front."""


@dataclass(frozen=True)
class Noise:
    """Random numbers that ONE example needs, drawn by the engine, which puts the batch in front.

    Attributes:
        distribution: standard normal, or uniform on [0, 1).
    """

    distribution: Literal["normal", "uniform"]
    shape: tuple[int, ...] = ()

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    def fill(self, out: Tensor, generator: torch.Generator) -> Tensor:
        """`out` of any shape, overwritten with draws."""
        if self.distribution == "normal":
            return out.normal_(generator=generator)
        return out.uniform_(generator=generator)

    def draw(self, lead: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Draws for so many examples, shape (*lead, *shape), where the generator lives."""
        return self.fill(torch.empty(*lead, *self.shape, device=generator.device), generator)


@dataclass(frozen=True)
class Constant:
    """A buffer that starts filled with one value."""

    value: float = 0.0
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Copy:
    """A buffer that starts as a player's flat parameters, shape (P,)."""

    player: str


Start = Noise | Constant | Copy
"""What a buffer starts as; noise has the buffer's whole shape here, since buffers are not of an example."""


class Batch(NamedTuple):
    """All that one evaluation sees of a seed beside its nets.

    Attributes:
        x: examples, shape (B, *task.shape), images in [0, 1].
        c: their conditions, shape (B, *condition shape): classes as one-hot (B, K); (B, 0) where the task has
            none, so that ``torch.cat([z, c], 1)`` serves the plain and the conditional model.
        noise: shape (B, *noise shape) each.
        progress: share of the phase that is over, shape ().
    """

    x: Tensor
    c: Tensor
    noise: Mapping[str, Tensor] = {}
    progress: Tensor = torch.zeros(())


class Loss(NamedTuple):
    """What one evaluation of an update's objective gives.

    Attributes:
        value: the scalar to descend.
        stats: scalars to record, named as signals.
        buffers: new values of buffers, by ``"net.buffer"``.
    """

    value: Tensor
    stats: Mapping[str, Tensor] = {}
    buffers: Mapping[str, Tensor] = {}


class Values(NamedTuple):
    """What the rule of an assignment gives.

    Attributes:
        values: new parameters by player: flat (P,), as ``nets["player"].flat`` is, or by parameter name.
        stats: scalars to record, named as signals.
        buffers: new values of buffers, by ``"net.buffer"``.
    """

    values: Mapping[str, Tensor | Mapping[str, Tensor]]
    stats: Mapping[str, Tensor] = {}
    buffers: Mapping[str, Tensor] = {}


Objective = Callable[[Nets, Batch], Loss]
Rule = Callable[[Nets, Batch], Values]
Projection = Callable[[Tensor], Tensor]

GradientFunction = Callable[[Nets, Batch], tuple[Mapping[str, Mapping[str, Tensor]], Loss]]
"""An objective with its gradient by player and parameter name, of all seeds at once: they lie in front of
every parameter, buffer, input and result."""


@dataclass(frozen=True)
class Update:
    """Descend one objective in the parameters of some players, a step of each one's optimiser.

    Attributes:
        objective: pure function (nets, batch) → Loss of one seed.
        optimizers: of the players that move; what they remember is one a player and phase, so updates that
            share a player share its optimiser's state.
        noise: what the objective needs for an example.
        repeats: how often in a step, each time with a fresh batch and fresh noise.
        project: by player, maps its flat parameters back into a feasible set after each update.
        gradient: the gradient of the objective in closed form, where that is cheaper than differentiating it,
            and all else that the objective gives. Batched runs take it; a loop over seeds differentiates the
            objective, so that comparing the two checks it. None where it is differentiated in either case.
    """

    objective: Objective
    optimizers: Mapping[str, Optimizer]
    noise: Mapping[str, Noise] = field(default_factory=dict)
    repeats: int = 1
    project: Mapping[str, Projection] = field(default_factory=dict)
    gradient: GradientFunction | None = None

    @property
    def players(self) -> tuple[str, ...]:
        """The nets whose parameters this moves."""
        return tuple(self.optimizers)

    @property
    def whole(self) -> bool:
        """Whether it sees all training data at once instead of a batch."""
        return False


@dataclass(frozen=True)
class Assign:
    """Set parameters by a rule without a gradient: EM, a decomposition, averaged weights, a codebook.

    Attributes:
        rule: pure function (nets, batch) → Values of one seed; it must give every player in `players`.
        noise: what the rule needs for an example.
        data: whether the rule sees a batch or all training data, in their order, each time.
        repeats: how often in a step.
    """

    rule: Rule
    players: tuple[str, ...]
    noise: Mapping[str, Noise] = field(default_factory=dict)
    data: Literal["batch", "all"] = "batch"
    repeats: int = 1

    @property
    def whole(self) -> bool:
        """Whether it sees all training data at once instead of a batch."""
        return self.data == "all"


def ema(average: str, of: str, decay: float, count: str | None = None) -> Assign:
    """Assignment that lets the player `average` follow `of`: a ← d·a + (1 − d)·p, with d = `decay`.

    The two nets must have the same parameters; give `average` in `Model.nets` as a copy of `of`, and name it
    in `Model.sampler` (Polyak & Juditsky 1992, doi:10.1137/0330046; for GANs Yazıcı et al. 2019,
    arXiv:1806.04498). Buffers are not followed: not for nets that learn running statistics, whose average
    would be drawn from with those that it started with.

    Args:
        count: a buffer of `average` that starts as ``Constant(0)`` and counts the steps t taken; then
            d = min(`decay`, (1 + t) / (10 + t)), so that the start weighs little after a few steps however
            slow the average is (as TensorFlow's `ExponentialMovingAverage` with ``num_updates``). None for
            the same decay throughout.
    """

    def follow(nets: Nets, batch: Batch) -> Values:
        a, p = nets[average].flat, nets[of].flat
        if count is None:
            return Values({average: torch.lerp(p, a, decay)})
        t = getattr(nets[average], count)
        followed = torch.lerp(p, a, ((1 + t) / (10 + t)).clamp_max(decay))
        return Values({average: followed}, buffers={f"{average}.{count}": t + 1})

    return Assign(follow, (average,))


@dataclass(frozen=True)
class Phase:
    """A stretch of training with its own updates and assignments, done in this order in every step.

    Attributes:
        share: of the step budget that phases without `steps` divide among them.
        steps: a fixed length instead, cut where the budget ends.
    """

    updates: Sequence[Update | Assign]
    share: float = 1.0
    steps: int | None = None
    name: str = ""


class Draw(NamedTuple):
    """A part of sampling with the noise that it needs for an example."""

    noise: Mapping[str, Noise]
    of: Callable[..., Tensor]


@dataclass(frozen=True)
class Sampler:
    """How samples are made: x = read(stepᵏ(start)), with k = `steps`; 0 is one pass through the nets.

    Each function is pure, of one seed, and sees the conditions c (n, *condition shape) that are asked for,
    (n, 0) where the task has none. The engine draws a step's noise when the step is due, never all at once.

    Attributes:
        start: (nets, noise, c) → first state, shape (n, …).
        step: (nets, state, noise, c, i) → next state; i, an int, counts from 0.
        read: (nets, state, noise, c) → samples (n, *task.shape), images in [0, 1]; None where the last state
            is the sample.
    """

    start: Draw
    step: Draw | None = None
    steps: int = 0
    read: Draw | None = None


class Model(abc.ABC):
    """A generative method on any task it does not refuse."""

    def refuses(self, task: Task) -> str | None:
        """Why this model cannot run on `task`, as a phrase for the leaderboard; None if it can."""
        return None

    @abc.abstractmethod
    def nets(self, task: Task) -> dict[str, nn.Module]:
        """Freshly initialised networks; called once a seed, under that seed's random state."""

    @abc.abstractmethod
    def phases(self, task: Task) -> Sequence[Phase]:
        """The stretches of training, in order."""

    @abc.abstractmethod
    def sampler(self, task: Task) -> Sampler:
        """How samples are drawn from the trained nets."""

    def buffers(self, task: Task, batch: int) -> dict[str, Start]:
        """State beside the parameters, by ``"net.buffer"``, with what it starts as."""
        return {}
