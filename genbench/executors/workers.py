"""Runs side by side in worker processes, each with its share of the cores."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import torch

from genbench.engine.run import Machine
from genbench.executors.attempt import Progress, attempt, record_failure
from genbench.store import Place
from genbench.suite import RunConfig
from genbench.types import Record

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
    machine: Machine,
    out: Place,
    progress: Progress,
    stopping: Callable[[], bool],
    jobs: int,
) -> dict[RunConfig, Record]:
    """Run configurations, `jobs` at a time; the record of each that has ended."""
    context = get_context("spawn")
    lines = _Lines(context.Queue(), context.Event())
    threads = max(1, (os.cpu_count() or 1) // jobs)
    records: dict[RunConfig, Record] = {}
    with ProcessPoolExecutor(jobs, context, _enter, (lines, threads)) as pool:
        futures = {pool.submit(_work, config, machine, out): config for config in configs}
        while futures:
            if stopping() and not lines.stop.is_set():
                lines.stop.set()
                futures = {future: config for future, config in futures.items() if not future.cancel()}
            _pass_on(lines, progress, records)
            for future in [future for future in futures if future.done()]:
                config = futures.pop(future)
                records[config] = _outcome(future, config, out)
                progress.end(config, records[config], reused=False)
    return records


class _Remote:
    """A worker's end of the progress."""

    def begin(self, config: RunConfig) -> None:
        _lines.messages.put(("begin", (config,)))

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        _lines.messages.put(("tick", (config, step, rate, scores, signals)))

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        """The process that started the workers learns of ends from their futures."""


def _enter(lines: _Lines, threads: int) -> None:
    global _lines
    _lines = lines
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which asks for a stop
    torch.set_num_threads(threads)


def _work(config: RunConfig, machine: Machine, out: Place) -> Record:
    return attempt(config, machine, out, _Remote(), _lines.stop.is_set)


def _pass_on(lines: _Lines, progress: Progress, ended: Container[RunConfig]) -> None:
    """Hand on all messages that are there, waiting a little for the first; late ones are dropped."""
    wait = POLL_SECONDS
    while True:
        try:
            name, arguments = lines.messages.get(timeout=wait)
        except queue.Empty:
            return
        if arguments[0] not in ended:
            getattr(progress, name)(*arguments)
        wait = 0.0


def _outcome(future: Future[Record], config: RunConfig, out: Place) -> Record:
    try:
        return future.result()
    except BrokenProcessPool:
        return record_failure(config, out, _DIED)
