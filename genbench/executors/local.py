"""Runs in this process, one after the other; what is done already is not done again."""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from genbench.engine.devices import BackendChoice, DeviceChoice, choose_device
from genbench.engine.run import Machine, execute
from genbench.report.pictures import samples_picture
from genbench.store import Results, RunFolder, load
from genbench.suite import RunConfig, expand, load_suite
from genbench.types import GenbenchError, Record


class Progress(Protocol):
    """What a person watches while a suite runs."""

    def begin(self, config: RunConfig) -> None:
        """A run starts, or goes on."""

    def tick(self, step: int, examples_per_second: float, scores: dict[str, float]) -> None:
        """The run is at `step`."""

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        """The run has ended, one way or another."""


class Silent:
    """Progress that nobody watches."""

    def begin(self, config: RunConfig) -> None: ...

    def tick(self, step: int, examples_per_second: float, scores: dict[str, float]) -> None: ...

    def end(self, config: RunConfig, record: Record, reused: bool) -> None: ...


@dataclass(frozen=True)
class _Watcher:
    """Passes ticks on, and keeps a picture of every look at the samples."""

    config: RunConfig
    folder: RunFolder
    progress: Progress
    stopping: Callable[[], bool]

    def tick(self, step: int, examples_per_second: float, scores: dict[str, float]) -> None:
        self.progress.tick(step, examples_per_second, scores)

    def samples(self, step: int, generated: np.ndarray, real: np.ndarray) -> None:
        buffer = io.BytesIO()
        samples_picture(generated, real, self.config.seeds).save(buffer, "PNG")
        self.folder.write_bytes(f"samples/step-{step:07d}.png", buffer.getvalue())


def run_all(
    configs: Sequence[RunConfig],
    machine: Machine,
    out: Path,
    progress: Progress | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Record]:
    """Run every configuration under `out`; a failed one is recorded and the others go on.

    Stops early, after saving, once `stopping` answers True.
    """
    records: list[Record] = []
    watch = progress or Silent()
    for config in configs:
        if stopping():
            break
        folder = RunFolder.under(out, config.suite, config.task, config.model, config.key)
        done = _finished(folder)
        if done is None:
            watch.begin(config)
        record = done or _attempt(config, folder, machine, _Watcher(config, folder, watch, stopping))
        watch.end(config, record, reused=done is not None)
        records.append(record)
    return records


def run(
    suite: str | Path,
    *,
    models: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    seeds: int | Sequence[int] | None = None,
    steps: int | None = None,
    device: DeviceChoice = "auto",
    backend: BackendChoice = "auto",
    out: str | Path = "results",
    data_dir: str | Path | None = None,
) -> Results:
    """Run a suite, given by name or path, and load its results.

    The arguments are the options of ``genbench run``.

    Raises:
        InputError: the suite or an argument is wrong.
    """
    loaded = load_suite(suite)
    configs = expand(loaded, models=models, tasks=tasks, seeds=seeds, steps=steps)
    machine = Machine(choose_device(device), backend, None if data_dir is None else Path(data_dir))
    run_all(configs, machine, Path(out))
    return load(Path(out) / loaded.name)


def _finished(folder: RunFolder) -> Record | None:
    try:
        record = folder.read_record()
    except GenbenchError:
        return None
    return record if record.status == "done" else None


def _attempt(config: RunConfig, folder: RunFolder, machine: Machine, watcher: _Watcher) -> Record:
    try:
        return execute(config, folder, machine, watcher)
    except GenbenchError as error:
        reason = str(error)
    except Exception as error:  # a plugin's model may raise anything; the other runs must not suffer
        folder.write_bytes("error.txt", traceback.format_exc().encode())
        reason = f"{type(error).__name__}: {error} (see {folder.path / 'error.txt'})"
    record = Record(config.suite, config.task, config.model, config.as_dict(), "failed", config.seeds)
    record = replace(record, reason=reason)
    folder.write_record(record)
    return record
