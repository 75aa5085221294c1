"""Looks at samples and nets from fixed noise, between two stretches of training."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from genbench.detectors.samples import BANK, Reference, statistics
from genbench.detectors.units import dead_units, worst_share
from genbench.engine import schedule, streams
from genbench.engine.chains import Chains
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.sampling import each
from genbench.metrics.inputs import cached
from genbench.models.capabilities import Probed
from genbench.models.model import ChainSampler, DirectSampler, Draws, Nets
from genbench.tasks.task import Task


class Probe:
    """The fixed bank of one ensemble; what it carries on lies in the state, so resumed runs see the same."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble = ensemble

    @property
    def reference(self) -> Reference:
        return _reference(self.ensemble.task)

    @cached_property
    def looks(self) -> set[int]:
        """The steps at which `read` is due."""
        chains = isinstance(self.ensemble.model, ChainSampler)
        return schedule.probes(self.ensemble.steps, chains)

    @torch.no_grad()
    def read(self, state: State) -> dict[str, list[float]]:
        """Every signal by seed."""
        if isinstance(self.ensemble.model, DirectSampler):
            signals = self._direct(state, self.ensemble.model)
        elif isinstance(self.ensemble.model, ChainSampler):
            signals = dict(Chains(self.ensemble, self.ensemble.model).look(state, self.reference))
        else:
            return {}
        stacked = torch.stack(list(signals.values())).float()
        return dict(zip(signals, stacked.tolist(), strict=True))

    @cached_property
    def _noise(self) -> dict[str, Tensor]:
        model = self.ensemble.model
        assert isinstance(model, DirectSampler)
        noise = model.sample_noise(self.ensemble.task, BANK)
        return streams.draw(noise, self.ensemble.generators("probe"))

    @cached_property
    def _real(self) -> Tensor:
        task = self.ensemble.task
        return task.to_float(task.held_out[: BANK // 2])

    def _direct(self, state: State, model: DirectSampler) -> dict[str, Tensor]:
        task = self.ensemble.task
        shells = {player: layout.shell for player, layout in self.ensemble.layouts.items()}

        def look(nets: Nets, noise: Draws) -> tuple[Tensor, dict[str, Tensor]]:
            with dead_units(shells) as dead:
                x = model.sample(task, nets, noise)
                own = dict(model.probe(task, nets, self._real, x)) if isinstance(model, Probed) else {}
                return x, own | {f"{player}/dead_units": worst_share(s) for player, s in dead.items()}

        samples, own = each(self.ensemble, state, look, self._noise)
        return own | dict(statistics(self.reference, samples))


@cached
def _reference(task: Task) -> Reference:
    return Reference.of(task.to_float(task.train[: 2 * BANK]), task.to_float(task.held_out[: 8 * BANK]))
