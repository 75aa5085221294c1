"""The fault corpus: games that go wrong in known ways, run by the engine, and labelled by what came of them.

A condition says what is done to a run; nothing of that enters its label. `genbench.testing.outcomes` measures
labels on the run itself, with what no detector sees.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from genbench.engine import schedule
from genbench.engine.ensemble import Ensemble
from genbench.engine.sample_probe import Probe
from genbench.engine.signals import FINITE
from genbench.engine.state import State
from genbench.models.kernel_density import Parzen
from genbench.models.model import Model
from genbench.registry import models
from genbench.tasks.task import Task
from genbench.testing.corpus_tasks import task_named
from genbench.testing.game import Game
from genbench.testing.outcomes import Outcomes

Part = Literal["calibration", "held out"]
OWN: Mapping[str, Callable[..., Model]] = {"game": Game, "parzen": Parzen}
"""Models of the corpus's own."""


@dataclass(frozen=True)
class Condition:
    """What is done to the seeds of one run.

    Attributes:
        model: ``"game"``, ``"parzen"``, or a registered model.
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
        if self.model not in OWN:
            model: Model = models[self.model].create(**options)
            return model
        plain: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in options.items()}
        return OWN[self.model](**plain)


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


def execute(condition: Condition, labelled: bool = True) -> Outcome:
    """Run all seeds of a condition, and measure what became of them.

    Args:
        labelled: False leaves the truth out, for runs that have theirs and only want newer signals.
    """
    task = task_named(condition.task)
    first = _ensemble(condition, task, condition.made())
    second = _ensemble(condition, task, condition.made(**condition.then))
    switch = condition.steps if condition.switch is None else round(condition.switch * condition.steps)
    state, probe, outcomes = first.initial(), Probe(first), Outcomes(task)
    trace: list[tuple[int, int, str, float]] = []
    truth = outcomes.measure(first, state) if labelled else []
    for i, tick in enumerate(schedule.ticks(condition.steps)):
        if state.alive.any():
            signals = _advance(first, second, switch, state, tick)
            signals |= probe.read(state) if tick in probe.looks else {}
            trace += _rows(first, state, signals)
        if labelled and (i + 1) % 5 == 0:
            truth += outcomes.measure(second if tick > switch else first, state)
    return Outcome(_trace_frame(trace), pd.DataFrame(truth, columns=["seed", "step", "quantity", "value"]))


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
