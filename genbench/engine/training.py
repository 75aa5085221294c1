"""The training of one run, from tick to tick, and which of its seeds go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from genbench.detectors import diagnose
from genbench.engine import cost, schedule
from genbench.engine.ensemble import Ensemble
from genbench.engine.parallel import Group
from genbench.engine.resumption import Earlier
from genbench.engine.sample_probe import Probe
from genbench.engine.signals import FINITE, Accumulator
from genbench.engine.state import State
from genbench.suite import RunConfig
from genbench.types import Trace


@dataclass
class Training:
    """Parameters under way, changed in place.

    Attributes:
        group: processes that train along; None if there are no others.
        hopeless: seeds that a detector has stopped.
        cost: as in a record; empty until the first tick.
    """

    config: RunConfig
    ensemble: Ensemble
    state: State
    group: Group | None = None
    hopeless: set[int] = field(default_factory=set)
    cost: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.probe = Probe(self.ensemble)

    @classmethod
    def of(
        cls, config: RunConfig, ensemble: Ensemble, group: Group | None, earlier: Earlier | None
    ) -> Training:
        """From where an earlier try stopped, or from the start."""
        if earlier is None:
            return cls(config, ensemble, ensemble.initial(), group)
        return cls(config, ensemble, earlier.state, group, earlier.stopped(config.seeds), earlier.cost)

    @property
    def any_alive(self) -> bool:
        """Whether any seed still trains."""
        return bool(self.state.alive.any())

    def alive(self) -> dict[int, bool]:
        """Seed → whether it still trains."""
        return dict(zip(self.config.seeds, self.state.alive.tolist(), strict=True))

    def examples(self) -> int:
        """Training examples consumed so far, over all seeds."""
        return self.ensemble.examples(self.state.step) * len(self.config.seeds)

    def rate(self) -> float:
        """Training examples a second, over all seeds."""
        return self.examples() / max(self.state.seconds, 1e-9)

    def ticks(self) -> Iterator[int]:
        """The ticks that are still to come, for as long as a seed lives."""
        for tick in schedule.ticks(self.config.steps):
            if tick <= self.state.step:
                continue
            if not self.any_alive:
                return
            yield tick

    def advance(self, tick: int) -> dict[str, list[float]]:
        """Train up to a tick; every signal by seed, with those of a look at samples where one is due."""
        if self.group is not None:
            self.group.lead(self.config, self.state, tick)
        signals = self._train(tick).read()
        looked = self.probe.read(self.state) if tick in self.probe.looks else {}
        return {FINITE: self._finite(), **signals, **looked}

    def stop_hopeless(self, trace: Trace | None) -> None:
        """Freeze seeds on which one of the configuration's detectors has found something."""
        for verdict in diagnose(trace, self.config.stop_on) if trace else ():
            row = self.config.seeds.index(verdict.seed)
            if verdict.verdict == "detected" and bool(self.state.alive[row]):
                self.state.died[row] = self.state.step
                self.hopeless.add(verdict.seed)

    def failures(self) -> dict[int, str]:
        """Seed → the sentence that says why it trains no more."""
        died = zip(self.config.seeds, self.state.died.tolist(), strict=True)
        return {seed: self._failure(seed, at) for seed, at in died if at >= 0}

    def _train(self, tick: int) -> Accumulator:
        """Train up to a tick; the first one of a run also measures what training costs."""
        if self.cost:
            return self.ensemble.advance(self.state, tick)
        device, key = self.ensemble.device, (replace(self.config, seeds=()), self.ensemble.task.shape)
        flops = cost.known_flops(self.ensemble, key)
        cost.reset_peak(device)
        signals = self.ensemble.advance(self.state, tick)
        self.cost = {"peak_bytes": cost.peak_bytes(device), "flops": flops}
        return signals

    def _finite(self) -> list[float]:
        return [float(lives or seed in self.hopeless) for seed, lives in self.alive().items()]

    def _failure(self, seed: int, step: int) -> str:
        if seed in self.hopeless:
            return f"stopped at step {step}, since {' or '.join(self.config.stop_on or ())} was detected"
        return f"loss or gradient not finite at step {step + 1}"
