"""Runs on this machine: in this process one after the other, or in worker processes side by side."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from genbench.engine.devices import BackendChoice, DeviceChoice, choose_device
from genbench.engine.placement import Placement
from genbench.executors.attempt import ELSEWHERE_SECONDS, Executor, attempt, finished, folder_of
from genbench.executors.workers import run_in_workers, threads_of
from genbench.store import Place, Results, folder_place, load
from genbench.store.lock import remove_stale_lock
from genbench.store.place import shared, try_to_write
from genbench.suite import RunConfig, expand, load_suite
from genbench.types import Record
from genbench.watcher import Watcher


def run_all(
    configs: Sequence[RunConfig],
    placement: Placement,
    out: Place,
    watcher: Watcher | None = None,
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

    Raises:
        InputError: `out` is a URL behind which nothing can be written.
    """
    watcher = watcher or Watcher()
    watcher.expect(len(configs))
    records: dict[RunConfig, Record] = {}
    for config in configs:
        if (record := finished(config, out)) is not None:
            remove_stale_lock(folder_of(config, out).path)
            watcher.end(config, record, reused=True)
            records[config] = record
    waiting = [config for config in configs if config not in records]
    if waiting:
        try_to_write(out)
    if executor is not None and waiting:
        records |= executor(waiting, placement, out, watcher, stopping)
    elif jobs > 1 and len(waiting) > 1 and shared(out):
        records |= run_in_workers(waiting, placement, out, watcher, stopping, jobs)
    else:
        with _threads_as_among(jobs):
            records |= _one_by_one(waiting, placement, out, watcher, stopping)
    return [records[config] for config in configs if config in records]


def _one_by_one(
    configs: Sequence[RunConfig],
    placement: Placement,
    out: Place,
    watcher: Watcher,
    stopping: Callable[[], bool],
) -> dict[RunConfig, Record]:
    """Runs in this process; those that another process is at work on are asked for again at the end."""
    records: dict[RunConfig, Record] = {}
    waiting = list(configs)
    while waiting and not stopping():
        elsewhere = []
        for config in waiting:
            if stopping():
                break
            if (ended := attempt(config, placement, out, watcher, stopping)) is None:
                elsewhere.append(config)
                continue
            records[config] = ended.record
            watcher.end(config, ended.record, ended.reused)
        if elsewhere == waiting:
            time.sleep(ELSEWHERE_SECONDS)
        waiting = elsewhere
    return records


@contextlib.contextmanager
def _threads_as_among(jobs: int) -> Iterator[None]:
    """The threads that the run would have beside others: how many are left to do must not change its bits."""
    before = torch.get_num_threads()
    if jobs > 1:
        torch.set_num_threads(threads_of(jobs))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def default_jobs(placement: Placement, runs: int = 8) -> int:
    """As many of so many runs at a time as there are cores, one on a GPU or over several processes.

    The nets that fit a CPU are too small to keep two cores busy with one of them.
    """
    alone = placement.device.type == "cuda" or placement.group is not None
    return 1 if alone else max(1, min(os.cpu_count() or 1, 8, runs))


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
    placement = Placement(choose_device(device), backend, None if data_dir is None else Path(data_dir))
    root = folder_place(out)
    run_all(configs, placement, root, jobs=jobs, executor=executor)
    return load(root / loaded.name)
