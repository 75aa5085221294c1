"""The fault corpus: games that go wrong in known ways, run by the engine, and labelled by what came of them.

A condition says what is done to a run; nothing of that enters its label. `genbench.testing.outcomes` measures
labels on the run itself, with what no detector sees.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import torch
from torch import Tensor, nn

from genbench.engine import schedule
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.probe import Probe
from genbench.engine.signals import FINITE
from genbench.models.capabilities import Probed
from genbench.models.gan import Gan
from genbench.models.model import ChainSampler, DirectSampler, Draws, Model, Nets, Noise, Phase
from genbench.nn.mlp import mlp
from genbench.ops import adversarial as games
from genbench.ops.optim import Optimizer, adam, rmsprop, sgd
from genbench.registry import models, tasks
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture, equal_mixture
from genbench.testing.outcomes import Outcomes

Part = Literal["calibration", "held out"]
HELD_OUT = 10_000


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge critic loss (Lim & Ye 2017, arXiv:1705.02894), of scores (B,)."""
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


LOSSES: Mapping[str, tuple[games.CriticLoss, games.GeneratorLoss, float]] = {
    "non-saturating": (games.logistic_critic, games.non_saturating, 0.0),
    "saturating": (games.logistic_critic, games.saturating, 0.0),
    "least-squares": (games.least_squares_critic, games.least_squares_generator, 0.5),
    "wasserstein": (games.wasserstein_critic, games.negative_mean, 0.0),
    "hinge": (hinge_critic, games.negative_mean, 0.0),
}
ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky": lambda: nn.LeakyReLU(0.2),
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


@dataclass(frozen=True)
class Game(Model, DirectSampler, Probed):
    """A dense GAN all of whose parts can be broken one by one.

    Attributes:
        hidden, critic_hidden: widths of the hidden layers.
        pretraining: share of the run in which only the critic learns.
        gain: factor on all initial weights.
    """

    loss: str = "non-saturating"
    optimizer: str = "adam"
    rate: float = 1e-3
    critic_rate: float = 1e-3
    beta1: float = 0.5
    critic_steps: int = 1
    penalty: float = 0.0
    clip: float | None = None
    latent: int = 2
    hidden: tuple[int, ...] = (64, 64)
    critic_hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    critic_activation: str = "leaky"
    pretraining: float = 0.0
    gain: float = 1.0

    def nets(self, task: Task) -> dict[str, nn.Module]:
        output: nn.Module = nn.Tanh() if task.kind == "images" else nn.Identity()
        body = mlp([self.latent, *self.hidden, math.prod(task.shape)], ACTIVATIONS[self.activation])
        critic = mlp([math.prod(task.shape), *self.critic_hidden, 1], ACTIVATIONS[self.critic_activation])
        made: dict[str, nn.Module] = {
            "generator": nn.Sequential(*body, output, nn.Unflatten(1, task.shape)),
            "critic": nn.Sequential(nn.Flatten(), *critic, nn.Flatten(0)),
        }
        for net in made.values():
            for parameter in net.parameters():
                parameter.data.mul_(self.gain)
        return made

    def noise(self, task: Task, batch: int) -> dict[str, Noise]:
        return self._gan.noise(task, batch)

    def phases(self, task: Task) -> Sequence[Phase]:
        (both,) = self._gan.phases(task)
        if not self.pretraining:
            return [both]
        return [Phase(both.updates[:1], self.pretraining), replace(both, share=1 - self.pretraining)]

    def sample_noise(self, task: Task, n: int) -> dict[str, Noise]:
        return self._gan.sample_noise(task, n)

    def sample(self, task: Task, nets: Nets, noise: Draws) -> Tensor:
        return self._gan.sample(task, nets, noise)

    def probe(self, task: Task, nets: Nets, real: Tensor, generated: Tensor) -> Mapping[str, Tensor]:
        return self._gan.probe(task, nets, real, generated)

    def generator_loss(self, scores: Tensor) -> Tensor:
        """The generator's loss on the critic's scores (B,)."""
        return LOSSES[self.loss][1](scores)

    @cached_property
    def _gan(self) -> Gan:
        critic_loss, generator_loss, threshold = LOSSES[self.loss]
        return Gan(
            critic_loss,
            generator_loss,
            self._optimizer(self.critic_rate),
            self._optimizer(self.rate),
            critic_steps=self.critic_steps,
            penalty=self.penalty,
            clip=self.clip,
            threshold=threshold,
            latent=self.latent,
        )

    def _optimizer(self, rate: float) -> Optimizer:
        if self.optimizer == "adam":
            return adam(rate, (self.beta1, 0.999))
        return rmsprop(rate) if self.optimizer == "rmsprop" else sgd(rate)


@dataclass(frozen=True)
class Condition:
    """What is done to the seeds of one run.

    Attributes:
        model: ``"game"``, or a registered model.
        then: options that change at `switch`, a share of the run.
        part: on which side of the split it lies; fixed before any run was scored.
        mechanism: what is done, in a phrase; for tables, never for labels.
    """

    name: str
    mechanism: str
    part: Part
    task: str = "ring8"
    model: str = "game"
    steps: int = 1500
    seeds: int = 8
    batch: int = 64
    options: Mapping[str, Any] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)
    switch: float | None = None

    def made(self, **changes: Any) -> Model:
        """The model, with some options changed."""
        options = {**self.options, **changes}
        if self.model != "game":
            model: Model = models[self.model].create(**options)
            return model
        plain: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in options.items()}
        return Game(**plain)


@dataclass(frozen=True)
class Outcome:
    """Tidy frames of one condition's seeds.

    Attributes:
        trace: as in a run's folder: what detectors see.
        truth: seed, step, quantity, value: what they do not see.
    """

    trace: pd.DataFrame
    truth: pd.DataFrame


def conditions(path: Path) -> list[Condition]:
    """Read the conditions of a corpus file."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    shared = read.get("shared", {})
    return [Condition(**{**shared, **table}) for table in read["condition"]]


def task_named(name: str) -> Task:
    """A registered task, or one of the corpus's own: ``uneven8`` and ``cube8``."""
    if name == "uneven8":
        angles = 2 * math.pi * torch.arange(8) / 8
        weights = torch.tensor([0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.05, 0.05])
        return _mixture(name, Mixture(torch.stack([angles.cos(), angles.sin()], 1), weights, 0.02))
    if name == "cube8":
        corners = torch.randn(8, 8, generator=torch.Generator().manual_seed(8)).sign()
        return _mixture(name, equal_mixture(corners, 0.1))
    small = {"samples": 20_000} if name in ("ring8", "grid25") else {}
    task: Task = tasks[name].create(**small)
    return task


def execute(condition: Condition) -> Outcome:
    """Run all seeds of a condition, and measure what became of them."""
    task = task_named(condition.task)
    first = _ensemble(condition, task, condition.made())
    second = _ensemble(condition, task, condition.made(**condition.then))
    switch = condition.steps if condition.switch is None else round(condition.switch * condition.steps)
    state, probe, outcomes = first.initial(), Probe(first), Outcomes(task)
    chains = isinstance(first.model, ChainSampler)
    looks = schedule.probes(condition.steps, chains)
    trace: list[tuple[int, int, str, float]] = []
    truth = outcomes.measure(first, state)
    for i, tick in enumerate(schedule.ticks(condition.steps)):
        if state.alive.any():
            signals = _advance(first, second, switch, state, tick)
            signals |= probe.read(state) if tick in looks else {}
            trace += _rows(first, state, signals)
        if (i + 1) % 5 == 0:
            truth += outcomes.measure(second if tick > switch else first, state)
    return Outcome(_trace_frame(trace), pd.DataFrame(truth, columns=["seed", "step", "quantity", "value"]))


def _mixture(name: str, truth: Mixture) -> Task:
    sizes = enumerate((20_000, HELD_OUT))
    train, held_out = (truth.draw(n, torch.Generator().manual_seed(i)) for i, n in sizes)
    return Task(name, "points", train, held_out, (), truth=truth)


def _ensemble(condition: Condition, task: Task, model: Model) -> Ensemble:
    return Ensemble(model, task, tuple(range(condition.seeds)), condition.steps, condition.batch)


def _advance(
    first: Ensemble, second: Ensemble, switch: int, state: State, tick: int
) -> dict[str, list[float]]:
    """Train up to a tick, under the first model before the switch and under the second from there on."""
    if state.step < switch < tick:
        first.advance(state, switch)
    return (first if tick <= switch else second).advance(state, tick).read()


def _rows(
    ensemble: Ensemble, state: State, signals: Mapping[str, list[float]]
) -> list[tuple[int, int, str, float]]:
    alive = state.alive.tolist()
    finite = [
        (seed, state.step, FINITE, float(lives)) for seed, lives in zip(ensemble.seeds, alive, strict=True)
    ]
    return finite + [
        (seed, state.step, name, value)
        for name, values in signals.items()
        for seed, value, lives in zip(ensemble.seeds, values, alive, strict=True)
        if lives
    ]


def _trace_frame(rows: list[tuple[int, int, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["seed", "step", "signal", "value"])
    return frame.assign(seconds=0.0, samples=frame.step)[
        ["seed", "step", "seconds", "samples", "signal", "value"]
    ]
