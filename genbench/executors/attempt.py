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
from genbench.store.lock import try_lock
from genbench.suite import RunConfig
from genbench.types import GenbenchError, Record
from genbench.watcher import Watcher, Watchers

OUT_OF_MEMORY = "out of memory; give fewer seeds or a smaller batch, or fewer --jobs"
ELSEWHERE_SECONDS = 0.5
"""Between two looks at runs that another process is at work on."""


class Executor(Protocol):
    """What runs configurations somewhere else."""

    def __call__(
        self,
        configs: Sequence[RunConfig],
        placement: Placement,
        out: Place,
        watcher: Watcher,
        stopping: Callable[[], bool],
    ) -> dict[RunConfig, Record]:
        """Run them under `out` until all have ended or `stopping` answers True; the records of the ended."""


@dataclass(frozen=True)
class _Pictures(Watcher):
    """Keeps a picture of every look at a run's samples in its folder."""

    folder: RunFolder

    def samples(self, config: RunConfig, step: int, generated: np.ndarray, real: np.ndarray) -> None:
        picture = samples_picture(generated, real, config.seeds)
        self.folder.write_bytes(f"samples/step-{step:07d}.png", png(picture))

    def walks(self, config: RunConfig, paths: np.ndarray, real: np.ndarray) -> None:
        self.folder.write_bytes(WALKS, png(walks_picture(paths, real, config.seeds)))


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
    config: RunConfig, placement: Placement, out: Place, watcher: Watcher, stopping: Callable[[], bool]
) -> Attempt | None:
    """Run, or go on with, one configuration; whatever goes wrong is its record.

    None if another process is at work on this very run: ask again later.
    """
    try:
        folder = folder_of(config, out)
        with try_lock(folder.path) as granted:
            if not granted:
                return None
            if (record := finished(config, out)) is not None:
                return Attempt(record, reused=True)
            folder.tidy()
            watcher.begin(config)
            both = Watchers(_Pictures(folder), watcher)
            return Attempt(_run(config, out, lambda: execute(config, folder, placement, both, stopping)))
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


def _run(config: RunConfig, out: Place, trained: Callable[[], Record]) -> Record:
    """The record of a run; one that raised is recorded as failed."""
    try:
        return trained()
    except GenbenchError as error:
        return record_failure(config, out, str(error))
    except OSError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything; the others must not suffer
        if is_out_of_memory(error):
            return record_failure(config, out, f"{OUT_OF_MEMORY} ({_first_line(error)})")
        path = folder_of(config, out).write_bytes("error.txt", traceback.format_exc().encode())
        said = f"{type(error).__name__}: {error}; mend it and run the same command again (see {path})"
        return record_failure(config, out, said)


def _disk_trouble(error: OSError, out: Place) -> str:
    where = error.filename or out
    return f"{where}: {error.strerror or error}; see to the disk, then run the same command again"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
