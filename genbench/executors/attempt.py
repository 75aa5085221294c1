"""One run with all that belongs to it: kept if it is done, recorded if it fails, pictured as it goes."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from genbench.engine.memory import is_out_of_memory
from genbench.engine.placement import Placement
from genbench.engine.run import execute
from genbench.report.pictures import samples_picture, walks_picture
from genbench.report.png import png
from genbench.store import WALKS, Place, RunFolder
from genbench.store.claim import claim
from genbench.suite import RunConfig
from genbench.types import GenbenchError, Record

OUT_OF_MEMORY = "out of memory; give fewer seeds or a smaller batch, or fewer --jobs"
ELSEWHERE_SECONDS = 0.5
"""Between two looks at runs that another process is at work on."""


class Progress(Protocol):
    """What a person watches while a suite runs; several runs may be under way."""

    def begin(self, config: RunConfig) -> None:
        """A run starts, or goes on."""

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        """A run is at `step`, at `rate` examples a second, with the newest of each score and signal."""

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        """A run has ended, one way or another."""


class Executor(Protocol):
    """What runs configurations somewhere else."""

    def __call__(
        self,
        configs: Sequence[RunConfig],
        placement: Placement,
        out: Place,
        progress: Progress,
        stopping: Callable[[], bool],
    ) -> dict[RunConfig, Record]:
        """Run them under `out` until all have ended or `stopping` answers True; the records of the ended."""


class Silent:
    """Progress that nobody watches."""

    def begin(self, config: RunConfig) -> None: ...

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None: ...

    def end(self, config: RunConfig, record: Record, reused: bool) -> None: ...


@dataclass(frozen=True)
class _Watcher:
    """Passes ticks on, and keeps a picture of every look at the samples."""

    config: RunConfig
    folder: RunFolder
    progress: Progress
    stopping: Callable[[], bool]
    out: Place

    def tick(
        self, step: int, examples_per_second: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        self.progress.tick(self.config, step, examples_per_second, scores, signals)

    def samples(self, step: int, generated: np.ndarray, real: np.ndarray) -> None:
        picture = samples_picture(generated, real, self.config.seeds)
        self.folder.write_bytes(f"samples/step-{step:07d}.png", png(picture))

    def walks(self, paths: np.ndarray, real: np.ndarray) -> None:
        self.folder.write_bytes(WALKS, png(walks_picture(paths, real, self.config.seeds)))


@dataclass(frozen=True)
class Attempt:
    """How a run ended, and whether it had ended before."""

    record: Record
    reused: bool = False


def folder_of(config: RunConfig, out: Place) -> RunFolder:
    """Where a run lies below a folder of results."""
    return RunFolder.under(out, config.suite, config.task, config.model, config.key)


def finished(config: RunConfig, out: Place) -> Record | None:
    """The record of a run that is done already; None if there is work to do."""
    try:
        record = folder_of(config, out).read_record()
    except GenbenchError:
        return None
    return record if record.status == "done" else None


def attempt(
    config: RunConfig, placement: Placement, out: Place, progress: Progress, stopping: Callable[[], bool]
) -> Attempt | None:
    """Run, or go on with, one configuration; whatever goes wrong is its record.

    None if another process is at work on this very run: ask again later.
    """
    try:
        folder = folder_of(config, out)
        with claim(folder.path) as granted:
            if not granted:
                return None
            if (record := finished(config, out)) is not None:
                return Attempt(record, reused=True)
            folder.tidy()
            progress.begin(config)
            return Attempt(_run(config, folder, placement, _Watcher(config, folder, progress, stopping, out)))
    except OSError as error:
        return Attempt(record_failure(config, out, _disk_trouble(error, out)))
    except GenbenchError as error:  # the run's folder is a link, or what is behind the URL refuses
        return Attempt(record_failure(config, out, str(error)))


def record_failure(config: RunConfig, out: Place, reason: str) -> Record:
    """Write that a run failed, unless the place that it would be written to is what failed."""
    record = Record(config.suite, config.task, config.model, config.as_dict(), "failed", config.seeds)
    record = replace(record, reason=reason)
    with contextlib.suppress(OSError, GenbenchError):
        folder_of(config, out).write_record(record)
    return record


def _run(config: RunConfig, folder: RunFolder, placement: Placement, watcher: _Watcher) -> Record:
    try:
        return execute(config, folder, placement, watcher)
    except GenbenchError as error:
        return record_failure(config, watcher.out, str(error))
    except OSError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything; the others must not suffer
        if is_out_of_memory(error):
            return record_failure(config, watcher.out, f"{OUT_OF_MEMORY} ({_first_line(error)})")
        path = folder.write_bytes("error.txt", traceback.format_exc().encode())
        said = f"{type(error).__name__}: {error}; mend it and run the same command again (see {path})"
        return record_failure(config, watcher.out, said)


def _disk_trouble(error: OSError, out: Place) -> str:
    where = error.filename or out
    return f"{where}: {error.strerror or error}; see to the disk, then run the same command again"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
