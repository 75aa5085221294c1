"""Runs on a Ray cluster: a task a run, tried again where a machine goes away."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from genbench.engine.placement import Placement
from genbench.executors.attempt import ELSEWHERE_SECONDS, attempt, finished, record_failure
from genbench.executors.extras import package
from genbench.executors.relay import Event, Relay, deliver
from genbench.store import Place
from genbench.store.place import shared
from genbench.suite import RunConfig
from genbench.types import InputError, Record
from genbench.watcher import Watcher

IN_FLIGHT = 1000
"""Runs that are handed to Ray at a time; it slows down when a million tasks wait."""
POLL_SECONDS = 0.2
ANSWER_SECONDS = 10.0
"""For a cluster's port to answer."""
_HOST_PORT = re.compile(r"(?:ray://)?\[?(?P<host>[^/\]]+)\]?:(?P<port>\d{1,5})")
STOP_SECONDS = 1.0
"""A worker asks this often whether it should stop."""


@dataclass(frozen=True)
class RayCluster:
    """Runs configurations as tasks of a Ray cluster; an executor for `run_all`.

    Every machine needs genbench and the data, and sees the results under the same path or URL. A task whose
    machine or process dies is tried again, on another machine if need be, and goes on from its last
    checkpoint. On a CPU results are the bits of a local run with as many threads.

    Attributes:
        address: as in ``ray.init``: ``auto``, ``host:port``, ``ray://host:10001``; None for what
            ``RAY_ADDRESS`` says, else for this machine alone. A connection that is open already is used.
        cpus, gpus: of a run; a fraction of a GPU lets several runs share one.
        retries: how often a run is tried again when what it ran on dies.
        in_flight: runs that are handed to Ray at a time.
    """

    address: str | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    retries: int = 3
    in_flight: int = IN_FLIGHT

    def __call__(
        self,
        configs: Sequence[RunConfig],
        placement: Placement,
        out: Place,
        watcher: Watcher,
        stopping: Callable[[], bool],
    ) -> dict[RunConfig, Record]:
        """Run configurations; the record of each that has ended.

        Raises:
            InputError: no cluster answers, or its machines do not write where this process reads.
            NotAvailableError: Ray is not installed.
        """
        if not shared(out):
            raise InputError(f"{out} belongs to this process; give --out a folder or URL that all see")
        ray = package("ray", "ray")
        with _connection(ray, self.address):
            tasks = _Tasks(ray, self, self._there(placement), _absolute(out), watcher)
            return tasks.run(configs, stopping)

    def _there(self, placement: Placement) -> Placement:
        """The placement on a worker, which has a GPU if it was promised one."""
        device = torch.device("cuda" if self.gpus else "cpu")
        data = None if placement.data_dir is None else placement.data_dir.absolute()
        return replace(placement, device=device, data_dir=data)


class _Desk:
    """An actor beside the process that asked for the runs: workers leave news, and read whether to stop."""

    def __init__(self) -> None:
        self.news: list[Event] = []
        self.stop = False

    def put(self, event: Event) -> None:
        self.news.append(event)

    def take(self) -> list[Event]:
        taken, self.news = self.news, []
        return taken

    def ask_to_stop(self) -> None:
        self.stop = True

    def stopping(self) -> bool:
        return self.stop


class _Stopping:
    """Whether all is to stop; a worker asks at the desk now and then, and remembers the answer between."""

    def __init__(self, desk: Any) -> None:
        self.desk, self.asked, self.stop = desk, -STOP_SECONDS, False

    def __call__(self) -> bool:
        if time.monotonic() - self.asked > STOP_SECONDS:
            self.stop = _answer(self.desk.stopping.remote())
            self.asked = time.monotonic()
        return self.stop


def _answer(reference: Any) -> Any:
    # A task that waits on its own thread gives its CPU away, and another one starts beside it.
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(package("ray", "ray").get, reference).result()


def _work(config: RunConfig, placement: Placement, out: Place, threads: int, desk: Any) -> Record | None:
    """One task: a run's record; None if all is to stop before it has begun."""
    torch.set_num_threads(threads)
    relay, stopping = Relay(desk.put.remote), _Stopping(desk)
    if (record := finished(config, out)) is not None:  # its machine died with the answer, not with the work
        return record
    while not stopping():
        if (ended := attempt(config, placement, out, relay, stopping)) is not None:
            return ended.record
        time.sleep(ELSEWHERE_SECONDS)  # a process beside the cluster is at work on it
    return None


@dataclass
class _Tasks:
    """The tasks of one call."""

    ray: Any
    cluster: RayCluster
    placement: Placement
    out: Place
    watcher: Watcher
    records: dict[RunConfig, Record] = field(default_factory=dict)
    begun: set[RunConfig] = field(default_factory=set)

    def run(self, configs: Sequence[RunConfig], stopping: Callable[[], bool]) -> dict[RunConfig, Record]:
        desk, task = self._desk(), self._task()
        waiting, stopped = list(reversed(configs)), False
        tasks: dict[Any, RunConfig] = {}
        while tasks or (waiting and not stopped):
            if stopping() and not stopped:
                stopped = True
                self.ray.get(desk.ask_to_stop.remote())
            while waiting and not stopped and len(tasks) < self.cluster.in_flight:
                config = waiting.pop()
                tasks[task(config, desk)] = config
            ended, _ = self.ray.wait(list(tasks), timeout=POLL_SECONDS)
            self._pass_on(self.ray.get(desk.take.remote()))
            for reference in ended:
                self._end(tasks.pop(reference), reference)
        self.ray.kill(desk)
        return self.records

    def _desk(self) -> Any:
        scheduling = package("ray.util.scheduling_strategies", "ray")
        here = self.ray.get_runtime_context().get_node_id()
        strategy = scheduling.NodeAffinitySchedulingStrategy(here, soft=False)
        return self.ray.remote(_Desk).options(num_cpus=0, scheduling_strategy=strategy).remote()

    def _task(self) -> Callable[[RunConfig, Any], Any]:
        cluster = self.cluster
        work = self.ray.remote(_work).options(
            num_cpus=cluster.cpus, num_gpus=cluster.gpus, max_retries=cluster.retries
        )
        placement, out = self.ray.put(self.placement), self.ray.put(self.out)
        threads = max(1, int(cluster.cpus))
        return lambda config, desk: work.remote(config, placement, out, threads, desk)

    def _pass_on(self, news: Sequence[Event]) -> None:
        """Tell the watcher what is new; a run that is tried again does not begin again."""
        for event in news:
            name, (config, *_) = event
            if config not in self.records and not (name == "begin" and config in self.begun):
                self.begun.add(config)
                deliver(event, self.watcher)

    def _end(self, config: RunConfig, reference: Any) -> None:
        if (record := self._outcome(config, reference)) is None:
            return
        if record.status == "done" and finished(config, self.out) is None:
            raise InputError(f"{self.out} is not the same on the cluster's machines; share it, or give a URL")
        self.records[config] = record
        self.watcher.end(config, record, reused=False)

    def _outcome(self, config: RunConfig, reference: Any) -> Record | None:
        try:
            record: Record | None = self.ray.get(reference)
            return record
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except self.ray.exceptions.RayError as error:
            tries = f"what it ran on died {self.cluster.retries + 1} times"
            return record_failure(config, self.out, f"{tries}, perhaps for lack of memory ({_line(error)})")


@contextlib.contextmanager
def _connection(ray: Any, address: str | None) -> Iterator[None]:
    """A connection to the cluster, closed afterwards unless it was there before."""
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing goes over the network unasked
    try:
        _knock(address or os.environ.get("RAY_ADDRESS", ""))
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        raise InputError(f"no Ray cluster answers at {address}; check --address ({_line(error)})") from None
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """OSError if nothing listens at ``host:port``, where Ray itself would go on trying for many minutes."""
    if (at := _HOST_PORT.fullmatch(address)) is not None:
        socket.create_connection((at["host"], int(at["port"])), ANSWER_SECONDS).close()


def _absolute(out: Place) -> Place:
    """Workers have another current folder."""
    return out.absolute() if isinstance(out, Path) else out


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
