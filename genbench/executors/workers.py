"""Runs side by side in worker processes, each with its share of the cores."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import torch

from genbench.engine.placement import Placement
from genbench.executors.attempt import ELSEWHERE_SECONDS, Attempt, attempt, record_failure
from genbench.executors.relay import Event, Relay, deliver
from genbench.store import Place
from genbench.suite import RunConfig
from genbench.types import Record
from genbench.watcher import Watcher

POLL_SECONDS = 0.1
_DIED = "its worker process died, perhaps for lack of memory; run again with fewer --jobs"


@dataclass(frozen=True)
class _Lines:
    """What connects a worker with the process that started it."""

    messages: Any
    stop: Any


_lines: _Lines


def run_in_workers(
    configs: Sequence[RunConfig],
    placement: Placement,
    out: Place,
    watcher: Watcher,
    stopping: Callable[[], bool],
    jobs: int,
) -> dict[RunConfig, Record]:
    """Run configurations, `jobs` at a time; the record of each that has ended.

    A worker that dies takes its pool with it. Runs that had begun are then tried once more, each on its own;
    the one whose worker dies again is the culprit.
    """
    crowd = _Pool(placement, out, watcher, stopping, jobs)
    waiting = crowd.run(configs)
    while (waiting or crowd.suspects) and not stopping():
        for suspect in crowd.suspects:
            alone = _Pool(placement, out, watcher, stopping, jobs, crowd.records)
            alone.run([suspect])
            if alone.suspects:
                crowd.records[suspect] = record_failure(suspect, out, _DIED)
                watcher.end(suspect, crowd.records[suspect], reused=False)
        crowd.suspects = []
        waiting = crowd.run(waiting)
    return crowd.records


@dataclass
class _Pool:
    """Worker processes that live as long as nothing kills one of them.

    Attributes:
        records: of the runs that have ended.
        suspects: runs that were under way when a worker died.
    """

    placement: Placement
    out: Place
    watcher: Watcher
    stopping: Callable[[], bool]
    jobs: int
    records: dict[RunConfig, Record] = field(default_factory=dict)
    suspects: list[RunConfig] = field(default_factory=list)

    def run(self, configs: Sequence[RunConfig]) -> list[RunConfig]:
        """Run until all have ended, or a worker has died; answers those that have not been begun."""
        if not configs:
            return []
        context = get_context("spawn")
        lines = _Lines(context.Queue(), context.Event())
        jobs = min(self.jobs, len(configs))
        begun: set[RunConfig] = set()
        left: list[RunConfig] = []
        with ProcessPoolExecutor(jobs, context, _enter, (lines, threads_of(self.jobs))) as pool:
            futures = {self._submit(pool, config, 0.0): config for config in configs}
            while futures:
                if self.stopping() and not lines.stop.is_set():
                    lines.stop.set()
                    futures = {future: config for future, config in futures.items() if not future.cancel()}
                _pass_on(lines, self.watcher, self.records, begun)
                for future in [future for future in futures if future.done()]:
                    config = futures.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        left.append(config)
                    elif (ended := future.result()) is not None:
                        self._end(config, ended)
                    elif not self.stopping():  # another process is at work on it
                        futures[self._submit(pool, config, ELSEWHERE_SECONDS)] = config
        # A worker that dies before it says that it has begun is as suspect as one that dies later.
        self.suspects = [config for config in left if config in begun] or left[:1]
        return [config for config in left if config not in self.suspects]

    def _submit(self, pool: ProcessPoolExecutor, config: RunConfig, wait: float) -> Future[Attempt | None]:
        try:
            return pool.submit(_work, config, self.placement, self.out, wait)
        except BrokenProcessPool as error:
            broken: Future[Attempt | None] = Future()
            broken.set_exception(error)
            return broken

    def _end(self, config: RunConfig, ended: Attempt) -> None:
        self.records[config] = ended.record
        self.watcher.end(config, ended.record, ended.reused)


def threads_of(jobs: int) -> int:
    """Threads of each of so many runs side by side; a run's bits depend on it."""
    return max(1, (os.cpu_count() or 1) // jobs)


def _enter(lines: _Lines, threads: int) -> None:
    global _lines
    _lines = lines
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which asks for a stop
    torch.set_num_threads(threads)


def _work(config: RunConfig, placement: Placement, out: Place, wait: float) -> Attempt | None:
    _lines.stop.wait(wait)
    return attempt(config, placement, out, Relay(_lines.messages.put), _lines.stop.is_set)


def _pass_on(lines: _Lines, watcher: Watcher, ended: Container[RunConfig], begun: set[RunConfig]) -> None:
    """Hand on all messages that are there, waiting a little for the first; late ones are dropped."""
    wait = POLL_SECONDS
    while True:
        try:
            event: Event = lines.messages.get(timeout=wait)
        except queue.Empty:
            return
        if (config := event[1][0]) not in ended:
            begun.add(config)
            deliver(event, watcher)
        wait = 0.0
