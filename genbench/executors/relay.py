"""Events of a run that trains in another process, sent to the watcher of the process that asked for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from genbench.suite import RunConfig
from genbench.watcher import Watcher

Event: TypeAlias = "tuple[str, tuple[Any, ...]]"
"""The name of a `Watcher`'s method, and its arguments, of which the first is the run's configuration."""


class Relay(Watcher):
    """A worker's watcher: beginnings and ticks go to `send`.

    Pictures are drawn where the run trains, and its end is known by what the worker gives back.
    """

    def __init__(self, send: Callable[[Event], object]) -> None:
        self.send = send

    def begin(self, config: RunConfig) -> None:
        self.send(("begin", (config,)))

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        self.send(("tick", (config, step, rate, scores, signals)))


def deliver(event: Event, watcher: Watcher) -> None:
    """Tell a watcher of an event that was sent."""
    name, arguments = event
    getattr(watcher, name)(*arguments)
