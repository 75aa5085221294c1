"""One run from its configuration to its folder: train, look, save; resume where an earlier try stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from genbench.engine import memory, schedule
from genbench.engine.ensemble import Ensemble
from genbench.engine.evaluation import Evaluation
from genbench.engine.placement import Placement, described, placed, refuses
from genbench.engine.recording import Recording, begun
from genbench.engine.resumption import resume
from genbench.engine.task_cache import load_task
from genbench.engine.trace_rows import TraceRows
from genbench.engine.training import Training
from genbench.environment import lock
from genbench.registry import models
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.types import Record
from genbench.watcher import Watcher


def execute(
    config: RunConfig,
    folder: RunFolder,
    placement: Placement,
    watcher: Watcher,
    stopping: Callable[[], bool] = lambda: False,
) -> Record:
    """Run, or go on with, one configuration; everything lies in `folder` when this returns.

    It saves itself and ends at the next tick once `stopping` answers True.

    Raises:
        GenbenchError: the data are missing, or the folder's checkpoint is damaged.
    """
    folder.write_lock(lock())
    task = load_task(config, placement.data_dir, placement.device)
    model = models[config.model].create(**config.options)
    record = begun(config, task, placement.device)
    if reason := refuses(config, model, task, placement):
        return _skip(folder, record, reason)
    ensemble = placed(config, model, task, placement)
    while True:
        try:
            return _Run.of(config, ensemble, folder, record, placement, watcher).finish(stopping)
        except Exception as error:
            if (smaller := _smaller(ensemble, error)) is None:
                raise
        # The next attempt goes on from the last checkpoint, since this one's state may be half changed.
        ensemble = smaller
        memory.release(placement.device)


def _skip(folder: RunFolder, record: Record, reason: str) -> Record:
    skipped = replace(record, status="skipped", reason=reason)
    folder.write_record(skipped)
    return skipped


def _smaller(ensemble: Ensemble, error: Exception) -> Ensemble | None:
    """The ensemble for a device whose memory was too short; None if that was not it, or nothing helps."""
    if ensemble.sharing is not None or not memory.is_out_of_memory(error):  # other processes would not follow
        return None
    return memory.halved(ensemble)


@dataclass(frozen=True)
class _Run:
    """A run under way: what trains, what scores, what is written down, and who watches."""

    config: RunConfig
    training: Training
    evaluation: Evaluation
    recording: Recording
    watcher: Watcher

    @classmethod
    def of(
        cls,
        config: RunConfig,
        ensemble: Ensemble,
        folder: RunFolder,
        record: Record,
        placement: Placement,
        watcher: Watcher,
    ) -> _Run:
        """From where an earlier try stopped, or from the start."""
        earlier = resume(folder, config.key, ensemble.device)
        training = Training.of(config, ensemble, placement.group, earlier)
        evaluation = Evaluation.of(ensemble, training.state, config.metrics, earlier)
        rows = TraceRows(None if earlier is None else earlier.trace)
        chosen = {**record.environment, **described(ensemble, placement)}
        recording = Recording(folder, replace(record, environment=chosen), training, evaluation, rows)
        return cls(config, training, evaluation, recording, watcher)

    def finish(self, stopping: Callable[[], bool]) -> Record:
        """Train from tick to tick, look where it is time, save now and then, until the end or a stop."""
        looks = set(schedule.evaluations(self.config.steps, self.config.evaluations))
        stops = schedule.stops(self.config.steps) if self.config.stop_on else set()
        for tick in self.training.ticks():
            self.recording.add(self.training.advance(tick))
            if tick in stops:
                self.training.stop_hopeless(self.recording.rows.trace())
            if tick in looks:
                self._look()
            self._tell()
            if stopping() and tick < self.config.steps:
                return self.recording.save("interrupted")
            if self.recording.due:
                self.recording.save("running")
        return self._end()

    def _look(self) -> None:
        generated, real = self.evaluation.look(self.training.state)
        self.recording.folder.write_samples(generated, real)
        self.watcher.samples(self.config, self.training.state.step, generated, real)

    def _tell(self) -> None:
        step, rate = self.training.state.step, self.training.rate()
        self.watcher.tick(self.config, step, rate, self.evaluation.newest(), self.recording.rows.newest)

    def _end(self) -> Record:
        if (walked := self.evaluation.walk(self.training.state)) is not None:
            self.watcher.walks(self.config, *walked)
        self.evaluation.anchor()
        return self.recording.save("done" if self.training.any_alive else "failed")
