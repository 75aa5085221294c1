"""Runs on this machine: in this process one after the other, or in worker processes side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from genbench.engine.devices import BackendChoice, DeviceChoice, choose_device
from genbench.engine.run import Machine
from genbench.executors.attempt import Executor, Progress, Silent, attempt, finished
from genbench.executors.workers import run_in_workers
from genbench.store import Place, Results, folder_place, load
from genbench.store.place import shared
from genbench.suite import RunConfig, expand, load_suite
from genbench.types import Record


def run_all(
    configs: Sequence[RunConfig],
    machine: Machine,
    out: Place,
    progress: Progress | None = None,
    stopping: Callable[[], bool] = lambda: False,
    jobs: int = 1,
    executor: Executor | None = None,
) -> list[Record]:
    """Run every configuration under `out`; a failed one is recorded and the others go on.

    Stops early, after saving, once `stopping` answers True.

    Args:
        jobs: runs at the same time, each in a process of its own if there are several; one where other
            processes cannot see `out`, as in ``memory://``.
        executor: what runs them instead of this machine, such as a `RayCluster`.

    Returns:
        A record for each run that has ended, in the order of `configs`.
    """
    watch = progress or Silent()
    records: dict[RunConfig, Record] = {}
    for config in configs:
        if (record := finished(config, out)) is not None:
            watch.end(config, record, reused=True)
            records[config] = record
    waiting = [config for config in configs if config not in records]
    if executor is not None and waiting:
        records |= executor(waiting, machine, out, watch, stopping)
    elif jobs > 1 and len(waiting) > 1 and shared(out):
        records |= run_in_workers(waiting, machine, out, watch, stopping, min(jobs, len(waiting)))
    else:
        for config in waiting:
            if stopping():
                break
            records[config] = attempt(config, machine, out, watch, stopping)
            watch.end(config, records[config], reused=False)
    return [records[config] for config in configs if config in records]


def default_jobs(machine: Machine) -> int:
    """As many runs at a time as there are cores, one on a GPU.

    The nets that fit a CPU are too small to keep two cores busy with one of them.
    """
    return 1 if machine.device.type == "cuda" else min(os.cpu_count() or 1, 8)


def run(
    suite: str | Path,
    *,
    models: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    seeds: int | Sequence[int] | None = None,
    steps: int | None = None,
    device: DeviceChoice = "auto",
    backend: BackendChoice = "auto",
    out: str | Place = "results",
    data_dir: str | Path | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
) -> Results:
    """Run a suite, given by name or path, and load its results.

    The arguments are the options of ``genbench run``; `out` may be a URL. With several `jobs` the calling
    script needs the guard ``if __name__ == "__main__":``, since worker processes import it.

    Raises:
        InputError: the suite or an argument is wrong.
    """
    loaded = load_suite(suite)
    configs = expand(loaded, models=models, tasks=tasks, seeds=seeds, steps=steps)
    machine = Machine(choose_device(device), backend, None if data_dir is None else Path(data_dir))
    root = folder_place(out)
    run_all(configs, machine, root, jobs=jobs, executor=executor)
    return load(root / loaded.name)
