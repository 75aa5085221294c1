"""Who watches runs and claims: every event is a method that does nothing until a subclass says what."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from genbench.suite import RunConfig
from genbench.types import Record


class Named(Protocol):
    """A claim, as far as its watchers name it."""

    @property
    def id(self) -> str: ...

    @property
    def slug(self) -> str: ...


class Watcher:
    """What is told of runs and claims as they go; several runs may be under way.

    A watcher only listens. Whether a run should stop is asked of a callable of its own, `stopping`.
    """

    def expect(self, runs: int) -> None:
        """So many runs follow, those that are done already included."""

    def begin(self, config: RunConfig) -> None:
        """A run starts, or goes on."""

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        """A run is at `step`, at `rate` examples a second; called about a hundred times a run.

        Args:
            scores, signals: the newest of each, means over seeds.
        """

    def samples(self, config: RunConfig, step: int, generated: np.ndarray, real: np.ndarray) -> None:
        """Samples of every seed from fixed noise, (S, n, *shape), at each evaluation.

        They are shown where the run trains, and not passed on to other processes.
        """

    def walks(self, config: RunConfig, paths: np.ndarray, real: np.ndarray) -> None:
        """Samples along walks through the latent space, at the end; not passed on to other processes."""

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        """A run has ended, one way or another; it was done before if `reused`."""

    def measured(self, claim: Named, seconds: float, kept: bool) -> None:
        """A claim's evidence is there; it was there before if `kept`."""

    def failed(self, claim: Named, reason: str) -> None:
        """A claim's evidence could not be made, or not judged."""


class Watchers(Watcher):
    """Several watchers as one: each is told of every event, in their order."""

    def __init__(self, *watchers: Watcher) -> None:
        self.watchers = watchers

    def expect(self, runs: int) -> None:
        for watcher in self.watchers:
            watcher.expect(runs)

    def begin(self, config: RunConfig) -> None:
        for watcher in self.watchers:
            watcher.begin(config)

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        for watcher in self.watchers:
            watcher.tick(config, step, rate, scores, signals)

    def samples(self, config: RunConfig, step: int, generated: np.ndarray, real: np.ndarray) -> None:
        for watcher in self.watchers:
            watcher.samples(config, step, generated, real)

    def walks(self, config: RunConfig, paths: np.ndarray, real: np.ndarray) -> None:
        for watcher in self.watchers:
            watcher.walks(config, paths, real)

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        for watcher in self.watchers:
            watcher.end(config, record, reused)

    def measured(self, claim: Named, seconds: float, kept: bool) -> None:
        for watcher in self.watchers:
            watcher.measured(claim, seconds, kept)

    def failed(self, claim: Named, reason: str) -> None:
        for watcher in self.watchers:
            watcher.failed(claim, reason)
