"""What a run writes into its folder: trace, verdicts, scores, checkpoint and record."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from genbench.detectors import diagnose
from genbench.engine import checkpoint
from genbench.engine.devices import describe
from genbench.engine.evaluation import Evaluation
from genbench.engine.trace_rows import TraceRows
from genbench.engine.training import Training
from genbench.environment import environment
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture
from genbench.types import Record, Status

CHECKPOINT_SECONDS = 30.0
"""Between two checkpoints."""


def begun(config: RunConfig, task: Task, device: torch.device) -> Record:
    """The record of a run that begins: what it is, and on what data and device it trains."""
    record = Record(config.suite, config.task, config.model, config.as_dict(), "running", config.seeds)
    return replace(record, environment=environment(describe(device)), data=_described(task))


@dataclass
class Recording:
    """A run's folder, and what goes there.

    Attributes:
        record: as it was last written.
        rows: the trace so far.
        saved: when all of it was last written, by `time.monotonic`.
    """

    folder: RunFolder
    record: Record
    training: Training
    evaluation: Evaluation
    rows: TraceRows
    saved: float = field(default_factory=time.monotonic)

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() - self.saved > CHECKPOINT_SECONDS

    def add(self, signals: Mapping[str, Sequence[float]]) -> None:
        """Add the signals of the tick that the training has reached, by seed."""
        state, alive = self.training.state, self.training.alive()
        self.rows.add(state.step, state.seconds, self.training.ensemble.examples(state.step), signals, alive)

    def save(self, status: Status) -> Record:
        """Write all that is known of the run; its record."""
        # The checkpoint goes last but for the record: what it promises is on disk already.
        self._write_trace(status)
        metrics = self.evaluation.metrics
        better, scales = ({m.name: getattr(m, part) for m in metrics} for part in ("better", "scale"))
        self.folder.write_scores(self.evaluation.scores, better, scales)
        state = checkpoint.to_bytes(self.training.state, self.training.config.key)
        self.folder.write_state(state, last=status in ("done", "failed"))
        self.record = self._recorded(status)
        self.folder.write_record(self.record)
        self.saved = time.monotonic()
        return self.record

    def _write_trace(self, status: Status) -> None:
        if (trace := self.rows.trace()) is not None:
            self.folder.write_trace(trace.frame)
            if status != "running":
                self.folder.write_verdicts(diagnose(trace))

    def _recorded(self, status: Status) -> Record:
        training, evaluation = self.training, self.evaluation
        return replace(
            self.record,
            status=status,
            steps_done=training.state.step,
            examples=training.examples(),
            failures=training.failures(),
            reason="every seed failed" if status == "failed" else None,
            notes=(*_notes(training), *evaluation.notes()),
            seconds={"training": training.state.seconds, "evaluation": evaluation.seconds},
            cost=training.cost,
            anchors=evaluation.anchors,
            ranked_by=training.ensemble.task.ranked_by,
        )


def _notes(training: Training) -> tuple[str, ...]:
    """Why the seeds were trained one after the other, where they had to be."""
    reason = training.ensemble.why_loop
    return () if reason is None else (f"its seeds were trained one after the other: {reason}",)


def _described(task: Task) -> dict[str, Any]:
    """A task's data: checksum, sizes, and modes where they are known."""
    modes = task.truth if isinstance(task.truth, Mixture) and task.truth.sigma is not None else None
    known = {"modes": modes.centers.tolist(), "sigma": modes.sigma} if modes else {}
    return {
        **known,
        "checksum": task.checksum(),
        "train": len(task.train),
        "held_out": len(task.held_out),
        "shape": list(task.shape),
    }
