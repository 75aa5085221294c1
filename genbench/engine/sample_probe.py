"""Looks at samples and nets from fixed noise, between two stretches of training."""

from __future__ import annotations

from functools import cached_property, partial

import torch
from torch import Tensor

from genbench.detectors.samples import BANK, Reference, statistics
from genbench.detectors.units import dead_units, worst_share
from genbench.engine import schedule, streams
from genbench.engine.ensemble import Ensemble
from genbench.engine.mcmc_probe import Chains
from genbench.engine.sampling import each, sampled
from genbench.engine.state import State
from genbench.metrics.inputs import cached
from genbench.models.capabilities import MarkovChain, Probed
from genbench.models.model import Draws, Nets, Sampler
from genbench.tasks.task import Task


class Probe:
    """The fixed bank of one ensemble; what it carries on lies in the state, so resumed runs see the same."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble = ensemble

    @property
    def reference(self) -> Reference:
        return _reference(self.ensemble.task)

    @cached_property
    def sampler(self) -> Sampler:
        return self.ensemble.model.sampler(self.ensemble.task)

    @cached_property
    def looks(self) -> set[int]:
        """The steps at which `read` is due; a sampler of many steps is looked at less often."""
        chains = isinstance(self.ensemble.model, MarkovChain)
        passes = 0 if chains else self.sampler.steps * BANK / self.ensemble.batch
        return schedule.probes(self.ensemble.steps, chains or self.sampler.steps > 0, passes)

    @torch.no_grad()
    def read(self, state: State) -> dict[str, list[float]]:
        """Every signal by seed."""
        signals = self._signals(state)
        stacked = torch.stack(list(signals.values())).float()
        return dict(zip(signals, stacked.tolist(), strict=True))

    def _signals(self, state: State) -> dict[str, Tensor]:
        model = self.ensemble.model
        if isinstance(model, MarkovChain):
            return dict(Chains(self.ensemble, model).look(state, self.reference))
        asked = self.ensemble.task.asked(BANK)  # outside of vmap, under which nothing is shuffled
        if self.sampler.steps == 0:
            one_pass = partial(self._one_pass, asked)
            samples, own = each(self.ensemble, state, one_pass, self._noise, purpose=("probe",))
        else:
            sources = self.ensemble.generators("probe")
            samples = sampled(self.ensemble, state, asked, sources, ("probe",))
            own = each(self.ensemble, state, self._probed, samples, purpose=("probe",))
        return own | dict(statistics(self.reference, samples))

    @cached_property
    def _noise(self) -> tuple[Draws, Draws]:
        sources, read = self.ensemble.generators("probe"), self.sampler.read
        start = streams.draw(self.sampler.start.noise, sources, (BANK,))
        return start, {} if read is None else streams.draw(read.noise, sources, (BANK,))

    @cached_property
    def _real(self) -> Tensor:
        task = self.ensemble.task
        return task.to_float(task.held_out[: BANK // 2])

    def _one_pass(
        self, asked: Tensor, nets: Nets, noise: tuple[Draws, Draws]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Samples that one pass makes, and what it shows of the nets."""
        shells = {player: layout.shell for player, layout in self.ensemble.layouts.items()}
        with dead_units(shells) as dead:
            x = self.sampler.start.of(nets, noise[0], asked)
            x = x if self.sampler.read is None else self.sampler.read.of(nets, x, noise[1], asked)
            own = self._probed(nets, x)
            return x, own | {f"{player}/dead_units": worst_share(s) for player, s in dead.items()}

    def _probed(self, nets: Nets, x: Tensor) -> dict[str, Tensor]:
        model, task = self.ensemble.model, self.ensemble.task
        return dict(model.probe(task, nets, self._real, x)) if isinstance(model, Probed) else {}


@cached
def _reference(task: Task) -> Reference:
    return Reference.of(task.to_float(task.train[: 2 * BANK]), task.to_float(task.held_out[: 8 * BANK]))
