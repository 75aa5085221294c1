"""What Markov chains show of a model in training: what it has learned, and whether it forgets a start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial

import torch
from torch import Tensor

from genbench.detectors.samples import Reference, statistics, two_sample
from genbench.engine import schedule, streams
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.sampling import each, swept
from genbench.models.model import ChainSampler

GENERATIONS, EACH, YOUNG = 16, 21, 4
"""Chains live for so many looks; there are so many of each age; the youngest ages are not sampled from."""
CHAINS = GENERATIONS * EACH
SAMPLES = (GENERATIONS - YOUNG) * EACH
SWEEPS = 2
"""Sweeps of the chains at each look."""
STARTED = 64
"""Chains from noise, and as many from data, that say whether the start is forgotten."""
MOST_SWEEPS, STEPS_A_START = 40, 40


class Chains:
    """Chains of every seed that follow the model while it learns.

    They go on where they stopped, so that a few sweeps a look suffice. At each look the oldest begin anew
    from noise, since what a chain saw of earlier parameters would stay with it where mixing is slow. Whether
    mixing is slow is for `chain/start_dependence`, from short chains begun anew at two looks late in the run.
    """

    def __init__(self, ensemble: Ensemble, model: ChainSampler) -> None:
        self.ensemble, self.model = ensemble, model

    def look(self, state: State, reference: Reference) -> Mapping[str, Tensor]:
        """Advance the chains that `state` carries, and say what they show; signals are (S,)."""
        sources = self.ensemble.generators("probe", state.step)
        known = state.watched.get("chains")
        fresh = self._from_noise(state, CHAINS if known is None else EACH, sources)
        oldest_first = fresh if known is None else torch.cat([known[:, EACH:], fresh], 1)
        state.watched["chains"], x = self._run(state, oldest_first, SWEEPS, sources)
        signals = dict(statistics(reference, x[:, :SAMPLES]))
        if state.step in self._starts:
            signals["chain/start_dependence"] = self._start_dependence(state, reference, sources)
        return signals

    @cached_property
    def _starts(self) -> tuple[int, int]:
        """The looks at three quarters of the run and at its end."""
        looks = sorted(schedule.probes(self.ensemble.steps, chains=True))
        return looks[3 * len(looks) // 4 - 1], looks[-1]

    def _start_dependence(self, state: State, reference: Reference, sources: list[torch.Generator]) -> Tensor:
        """Energy distance of chains from noise and chains from data, in units of the data's spread."""
        task = self.ensemble.task
        cold = self._from_noise(state, STARTED, sources)
        reals = task.to_float(task.train[:STARTED])
        noise = streams.draw(self.model.start_noise(task, STARTED), sources)
        warm = each(self.ensemble, state, lambda nets, z: self.model.start_at(task, nets, reals, z), noise)
        sweeps = min(MOST_SWEEPS, self.model.sampling_sweeps, max(1, self.ensemble.steps // STEPS_A_START))
        _, x = self._run(state, torch.cat([cold, warm], 1), sweeps, sources)
        return two_sample(reference, x[:, :STARTED], x[:, STARTED:])

    def _from_noise(self, state: State, n: int, sources: list[torch.Generator]) -> Tensor:
        task = self.ensemble.task
        noise = streams.draw(self.model.start_noise(task, n), sources)
        return each(self.ensemble, state, partial(self.model.start, task), noise)

    def _run(
        self, state: State, units: Tensor, sweeps: int, sources: list[torch.Generator]
    ) -> tuple[Tensor, Tensor]:
        """Units after so many sweeps, and the samples read from them, (S, n, *task.shape)."""
        task = self.ensemble.task
        units = swept(self.ensemble, state, self.model, units, sweeps, sources)
        noise = streams.draw(self.model.read_noise(task, units.shape[1]), sources)
        return units, each(self.ensemble, state, partial(self.model.read, task), units, noise)
