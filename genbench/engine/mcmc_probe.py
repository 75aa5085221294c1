"""What Markov chains show of a model in training: what it has learned, and whether it forgets a start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor

from genbench.detectors.samples import Reference, statistics, two_sample
from genbench.engine import schedule, streams
from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import each, read, started, stepped
from genbench.engine.state import State
from genbench.models.capabilities import MarkovChain
from genbench.models.model import Sampler

GENERATIONS, CHAINS_A_GENERATION, YOUNG = 16, 21, 4
"""Chains live for so many looks; there are so many of each age; the youngest ages are not sampled from."""
CHAINS = GENERATIONS * CHAINS_A_GENERATION
SAMPLES = (GENERATIONS - YOUNG) * CHAINS_A_GENERATION
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

    def __init__(self, ensemble: Ensemble, model: MarkovChain) -> None:
        self.ensemble, self.model = ensemble, model

    @cached_property
    def sampler(self) -> Sampler:
        return self.ensemble.model.sampler(self.ensemble.task)

    def look(self, state: State, reference: Reference) -> Mapping[str, Tensor]:
        """Advance the chains that `state` carries, and say what they show; signals are (S,)."""
        sources = self.ensemble.generators("probe", state.step)
        known = state.watched.get("chains")
        fresh = self._from_noise(state, CHAINS if known is None else CHAINS_A_GENERATION, sources)
        oldest_first = fresh if known is None else torch.cat([known[:, CHAINS_A_GENERATION:], fresh], 1)
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
        noise = streams.draw(self.sampler.start.noise, sources, (STARTED,))
        warm = each(self.ensemble, state, lambda nets, z: self.model.start_at(task, nets, reals, z), noise)
        sweeps = min(MOST_SWEEPS, self.sampler.steps, max(1, self.ensemble.steps // STEPS_A_START))
        _, x = self._run(state, torch.cat([cold, warm], 1), sweeps, sources)
        return two_sample(reference, x[:, :STARTED], x[:, STARTED:])

    def _from_noise(self, state: State, n: int, sources: list[torch.Generator]) -> Tensor:
        return started(self.ensemble, state, self.sampler, self.ensemble.task.asked(n), sources)

    def _run(
        self, state: State, chains: Tensor, sweeps: int, sources: list[torch.Generator]
    ) -> tuple[Tensor, Tensor]:
        """The chains after so many sweeps, and the samples read from them, (S, n, *task.shape)."""
        c = self.ensemble.task.asked(chains.shape[1])
        chains = stepped(self.ensemble, state, self.sampler, chains, c, range(sweeps), sources)
        return chains, read(self.ensemble, state, self.sampler, chains, c, sources)
