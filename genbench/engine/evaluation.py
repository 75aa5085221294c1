"""Scores of a run's samples, at each look and at its end, and the samples that are kept for pictures."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from genbench.engine.ensemble import Ensemble
from genbench.engine.latent_walks import walk
from genbench.engine.resumption import Earlier
from genbench.engine.sampling import draw
from genbench.engine.state import State
from genbench.metrics.anchors import anchors
from genbench.metrics.metric import Metric, Subject, named
from genbench.types import Estimate, GenbenchError, Score

PICTURED = {"images": 64, "points": 1000}
"""Samples a seed that are kept for pictures, by kind of task."""


@dataclass
class Evaluation:
    """The scores of a run so far.

    Attributes:
        metrics: those asked for that can score the run.
        refusals: a note on each metric that cannot.
        seconds: time that scoring has taken.
        anchors: as in a record; empty until the run's end.
    """

    ensemble: Ensemble
    metrics: list[Metric]
    refusals: list[str]
    scores: list[Score] = field(default_factory=list)
    seconds: float = 0.0
    anchors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, ensemble: Ensemble, state: State, names: Sequence[str] | None, earlier: Earlier | None
    ) -> Evaluation:
        """With the metrics of these names, or the task's own, and with the scores of an earlier try."""
        asked = [named(name) for name in names or ensemble.task.metrics]
        subject = _subject(ensemble, state, 0, torch.empty(0))
        reasons = {metric.name: metric.refuses(subject) for metric in asked}
        able = [metric for metric in asked if not reasons[metric.name]]
        refusals = [f"{name}: {reason}" for name, reason in reasons.items() if reason]
        if earlier is None:
            return cls(ensemble, able, refusals)
        return cls(ensemble, able, refusals, earlier.scores, earlier.evaluation_seconds)

    def look(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Score samples of every seed that lives; generated and real ones to keep."""
        pictured = PICTURED[self.ensemble.task.kind]
        with self._timed():
            most = max([pictured, *(metric.samples for metric in self.metrics)])
            bank = draw(self.ensemble, state, most, bank="evaluation")
            for row, lives in enumerate(state.alive.tolist()):
                self.scores += self._scores(state, row, bank[row]) if lives else []
        return bank[:, :pictured].cpu().numpy(), self._real()

    def walk(self, state: State) -> tuple[np.ndarray, np.ndarray] | None:
        """Samples along walks through the latent space, and real ones; None if the model has none."""
        paths = walk(self.ensemble, state)
        return None if paths is None else (paths.cpu().numpy(), self._real())

    def anchor(self) -> None:
        """Score what the run's scores are measured against."""
        with self._timed():
            self.anchors = anchors(self.ensemble.task, self.metrics)

    def newest(self) -> dict[str, float]:
        """Each metric's score at the last look, a mean over seeds."""
        last = max((score.step for score in self.scores), default=0)
        values: dict[str, list[float]] = {}
        for score in self.scores:
            if score.step == last:
                values.setdefault(score.metric, []).append(score.estimate.value)
        return {name: float(np.mean(own)) for name, own in values.items()}

    def notes(self) -> tuple[str, ...]:
        """Why metrics were left out, and what they warn of, each once."""
        flagged = [f"{score.metric}: {flag}" for score in self.scores for flag in score.estimate.flags]
        return tuple(dict.fromkeys([*self.refusals, *flagged]))

    def _scores(self, state: State, row: int, bank: Tensor) -> list[Score]:
        subject, seed = _subject(self.ensemble, state, row, bank), self.ensemble.seeds[row]
        return [Score(seed, state.step, metric.name, _estimate(metric, subject)) for metric in self.metrics]

    def _real(self) -> np.ndarray:
        """Held-out data that pictures show beside samples."""
        task = self.ensemble.task
        return task.to_float(task.held_out[: PICTURED[task.kind]]).cpu().numpy()

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started


def _subject(ensemble: Ensemble, state: State, row: int, bank: Tensor) -> Subject:
    """One seed, as metrics see it."""
    task = ensemble.task
    return Subject(task, lambda n: bank[:n], ensemble.model, ensemble.nets(state, row), task.asked)


def _estimate(metric: Metric, subject: Subject) -> Estimate:
    """A metric's estimate; samples that it cannot score, such as infinite ones, count as a failed seed."""
    try:
        return metric.estimate(subject)
    except GenbenchError as error:
        return Estimate(math.nan, metric.samples, flags=(str(error),))
