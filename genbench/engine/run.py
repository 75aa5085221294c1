"""One run from its configuration to its folder: train, look, save; resume where an earlier try stopped."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genbench.detectors import diagnose
from genbench.engine import checkpoint, cost, memory, schedule
from genbench.engine.devices import describe
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.latent_walks import walk
from genbench.engine.parallel import Group
from genbench.engine.placement import Placement, described, placed, refuses
from genbench.engine.probe import Probe
from genbench.engine.sampling import draw
from genbench.engine.signals import FINITE, Accumulator
from genbench.engine.task_cache import load_task
from genbench.engine.trace_rows import TraceRows
from genbench.environment import environment, lock
from genbench.metrics.anchors import anchors
from genbench.metrics.metric import Metric, Subject, named
from genbench.registry import models
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture
from genbench.types import Estimate, GenbenchError, InputError, Record, Score
from genbench.watcher import Watcher

CHECKPOINT_SECONDS = 30.0
PICTURED = {"images": 64, "points": 1000}
"""Samples a seed that are kept for pictures, by kind of task."""


def execute(
    config: RunConfig,
    folder: RunFolder,
    placement: Placement,
    watcher: Watcher,
    stopping: Callable[[], bool] = lambda: False,
) -> Record:
    """Run, or go on with, one configuration; everything lies in `folder` when this returns.

    Raises:
        GenbenchError: the data are missing, or the folder's checkpoint is damaged.
    """
    record = Record(config.suite, config.task, config.model, config.as_dict(), "running", config.seeds)
    folder.write_lock(lock())
    task = load_task(config, placement.data_dir, placement.device)
    model = models[config.model].create(**config.options)
    record = replace(record, environment=environment(describe(placement.device)), data=_describe_data(task))
    if reason := refuses(config, model, task, placement):
        record = replace(record, status="skipped", reason=reason)
        folder.write_record(record)
        return record
    ensemble = placed(config, model, task, placement)
    record = replace(record, environment={**record.environment, **described(ensemble, placement)})
    while True:
        try:
            return _Run(config, ensemble, folder, watcher, stopping, record, placement.group).finish()
        except Exception as error:
            smaller = _smaller(ensemble, error)
            if smaller is None:
                raise
        # The next attempt goes on from the last checkpoint, since this one's state may be half changed.
        ensemble = smaller
        memory.release(placement.device)
        record = replace(record, environment={**record.environment, "seeds_together": ensemble.together})


def _smaller(ensemble: Ensemble, error: Exception) -> Ensemble | None:
    """The ensemble for a machine whose memory was too short; None if that was not it, or nothing helps."""
    if ensemble.sharing is not None or not memory.is_out_of_memory(error):  # other processes would not follow
        return None
    return memory.halved(ensemble)


@dataclass
class _Run:
    """A run under way: what it has computed so far, and where that is saved."""

    config: RunConfig
    ensemble: Ensemble
    folder: RunFolder
    watcher: Watcher
    stopping: Callable[[], bool]
    record: Record
    group: Group | None = None
    state: State = field(init=False)
    log: TraceRows = field(default_factory=TraceRows)
    scores: list[Score] = field(default_factory=list)
    evaluation_seconds: float = 0.0
    hopeless: set[int] = field(default_factory=set)
    saved: float = field(default_factory=time.monotonic)

    def finish(self) -> Record:
        self.state = self._resume() or self.ensemble.initial()
        metrics, notes = self._metrics()
        self.record = replace(self.record, notes=notes)
        looks = set(schedule.evaluations(self.config.steps, self.config.evaluations))
        stops = schedule.stops(self.config.steps)
        probe = Probe(self.ensemble)
        for tick in schedule.ticks(self.config.steps):
            if tick <= self.state.step:
                continue
            if not bool(self.state.alive.any()):
                break
            signals = self._advance(tick).read()
            self._log(signals | probe.read(self.state) if tick in probe.looks else signals)
            if self.config.stop_on and tick in stops:
                self._stop_hopeless(self.config.stop_on)
            if tick in looks:
                self._evaluate(metrics)
            self._report()
            if self.stopping() and tick < self.config.steps:
                return self._save("interrupted", metrics)
            if time.monotonic() - self.saved > CHECKPOINT_SECONDS:
                self._save("running", metrics)
        self._walk()
        self._anchor(metrics)
        return self._save("done" if bool(self.state.alive.any()) else "failed", metrics)

    def _advance(self, tick: int) -> Accumulator:
        """Train up to a tick; the first one of this process also measures what training costs."""
        if self.group is not None:
            self.group.lead(self.config, self.state, tick)
        if self.record.cost:
            return self.ensemble.advance(self.state, tick)
        device, key = self.ensemble.device, (replace(self.config, seeds=()), self.ensemble.task.shape)
        flops = cost.known_flops(self.ensemble, key)
        cost.reset_peak(device)
        signals = self.ensemble.advance(self.state, tick)
        self.record = replace(self.record, cost={"peak_bytes": cost.peak_bytes(device), "flops": flops})
        return signals

    def _resume(self) -> State | None:
        state = checkpoint.newest(self.folder, self.config.key, self.ensemble.device)
        if state is None:
            return None
        before = self.folder.read_trace()
        self.log = TraceRows(before[before.step <= state.step])
        broken = set(before[(before.signal == FINITE) & (before.value == 0)].seed)
        died = zip(self.config.seeds, state.died.tolist(), strict=True)
        self.hopeless = {seed for seed, at in died if at >= 0 and seed not in broken}
        self.scores = [score for score in self.folder.read_scores() if score.step <= state.step]
        with contextlib.suppress(InputError):  # the record is written last, and may not have been
            before_that = self.folder.read_record()
            self.evaluation_seconds = float(before_that.seconds.get("evaluation", 0.0))
            self.record = replace(self.record, cost=before_that.cost)
        return state

    def _metrics(self) -> tuple[list[Metric], tuple[str, ...]]:
        """The metrics that can score this run, and a note on each that cannot."""
        asked = [named(name) for name in self.config.metrics or self.ensemble.task.metrics]
        subject = self._subject(0, torch.empty(0))
        refusals = {metric.name: metric.refuses(subject) for metric in asked}
        notes = tuple(f"{name}: {reason}" for name, reason in refusals.items() if reason)
        return [metric for metric in asked if not refusals[metric.name]], notes

    def _log(self, signals: dict[str, list[float]]) -> None:
        alive = dict(zip(self.config.seeds, self.state.alive.tolist(), strict=True))
        finite = [float(lives or seed in self.hopeless) for seed, lives in alive.items()]
        step = self.state.step
        examples = self.ensemble.examples(step)
        self.log.add(step, self.state.seconds, examples, {FINITE: finite, **signals}, alive)

    def _stop_hopeless(self, names: Sequence[str]) -> None:
        """Freeze seeds on which one of these detectors has found something."""
        trace = self.log.trace()
        for verdict in diagnose(trace, names) if trace else ():
            row = self.config.seeds.index(verdict.seed)
            if verdict.verdict == "detected" and bool(self.state.alive[row]):
                self.state.died[row] = self.state.step
                self.hopeless.add(verdict.seed)

    def _evaluate(self, metrics: list[Metric]) -> None:
        started = time.perf_counter()
        pictured = PICTURED[self.ensemble.task.kind]
        most = max([pictured, *(m.samples for m in metrics)])
        bank = draw(self.ensemble, self.state, most, bank="evaluation")
        for row, lives in enumerate(self.state.alive.tolist()):
            if lives:
                subject = self._subject(row, bank[row])
                self.scores += [
                    Score(self.config.seeds[row], self.state.step, m.name, _estimate(m, subject))
                    for m in metrics
                ]
        self.evaluation_seconds += time.perf_counter() - started
        self._keep(bank[:, :pictured])

    def _anchor(self, metrics: list[Metric]) -> None:
        started = time.perf_counter()
        self.record = replace(self.record, anchors=anchors(self.ensemble.task, metrics))
        self.evaluation_seconds += time.perf_counter() - started

    def _walk(self) -> None:
        if (paths := walk(self.ensemble, self.state)) is not None:
            self.watcher.walks(self.config, paths.cpu().numpy(), self._real())

    def _real(self) -> np.ndarray:
        """Held-out data that pictures show beside samples."""
        task = self.ensemble.task
        return task.unit(task.held_out[: PICTURED[task.kind]]).cpu().numpy()

    def _keep(self, generated: Tensor) -> None:
        arrays = generated.cpu().numpy(), self._real()
        self.folder.write_samples(*arrays)
        self.watcher.samples(self.config, self.state.step, *arrays)

    def _subject(self, row: int, bank: Tensor) -> Subject:
        return Subject(
            self.ensemble.task,
            draw=lambda n: bank[:n],
            model=self.ensemble.model,
            nets=self.ensemble.nets(self.state, row),
        )

    def _report(self) -> None:
        newest: dict[str, list[float]] = {}
        last = max((score.step for score in self.scores), default=0)
        for score in self.scores:
            if score.step == last:
                newest.setdefault(score.metric, []).append(score.estimate.value)
        rate = self._examples() / max(self.state.seconds, 1e-9)
        scores = {name: float(np.mean(values)) for name, values in newest.items()}
        self.watcher.tick(self.config, self.state.step, rate, scores, self.log.newest)

    def _examples(self) -> int:
        return self.ensemble.examples(self.state.step) * len(self.config.seeds)

    def _notes(self) -> tuple[str, ...]:
        """Why metrics were left out, and what they warn of, each once."""
        flagged = {f"{s.metric}: {flag}": None for s in self.scores for flag in s.estimate.flags}
        return tuple(dict.fromkeys([*self.record.notes, *flagged]))

    def _failure(self, seed: int, step: int) -> str:
        if seed in self.hopeless:
            return f"stopped at step {step}, since {' or '.join(self.config.stop_on or ())} was detected"
        return f"loss or gradient not finite at step {step + 1}"

    def _save(self, status: Any, metrics: list[Metric]) -> Record:
        # The checkpoint goes last but for the record: what it promises is on disk already.
        if (trace := self.log.trace()) is not None:
            self.folder.write_trace(trace.frame)
            if status != "running":
                self.folder.write_verdicts(diagnose(trace))
        self.folder.write_scores(self.scores, {metric.name: metric.better for metric in metrics})
        last = status in ("done", "failed")
        self.folder.write_state(checkpoint.to_bytes(self.state, self.config.key), last)
        died = zip(self.config.seeds, self.state.died.tolist(), strict=True)
        self.record = replace(
            self.record,
            status=status,
            steps_done=self.state.step,
            examples=self._examples(),
            failures={seed: self._failure(seed, at) for seed, at in died if at >= 0},
            reason="every seed failed" if status == "failed" else None,
            notes=self._notes(),
            seconds={"training": self.state.seconds, "evaluation": self.evaluation_seconds},
        )
        self.folder.write_record(self.record)
        self.saved = time.monotonic()
        return self.record


def _estimate(metric: Metric, subject: Subject) -> Estimate:
    """A metric's estimate; samples that it cannot score, such as infinite ones, count as a failed seed."""
    try:
        return metric.estimate(subject)
    except GenbenchError as error:
        return Estimate(math.nan, metric.samples, flags=(str(error),))


def _describe_data(task: Task) -> dict[str, Any]:
    modes = task.truth if isinstance(task.truth, Mixture) and task.truth.sigma is not None else None
    known = {"modes": modes.centers.tolist(), "sigma": modes.sigma} if modes else {}
    return {
        **known,
        "checksum": task.checksum(),
        "train": len(task.train),
        "held_out": len(task.held_out),
        "shape": list(task.shape),
    }
