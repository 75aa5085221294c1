"""A discriminator that is trained against a generator which stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn

from genbench.engine import streams
from genbench.engine.ensemble import Ensemble
from genbench.engine.gradients import gradient
from genbench.engine.state import State
from genbench.models.gan import Gan
from genbench.models.model import Batch, Loss, Model, Nets, Phase, Sampler, Update
from genbench.ops.adversarial import non_saturating, saturating
from genbench.tasks.task import Task

LOSSES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "saturating": saturating,
    "non_saturating": non_saturating,
}
PROBE = 1024
"""Samples behind each measured gradient."""


@dataclass(frozen=True)
class CriticOnly(Model):
    """The game of a GAN without its generator's updates."""

    gan: Gan

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return self.gan.nets(task)

    def phases(self, task: Task) -> Sequence[Phase]:
        return [
            Phase([update for update in phase.updates if update.players == ("critic",)])
            for phase in self.gan.phases(task)
        ]

    def sampler(self, task: Task) -> Sampler:
        return self.gan.sampler(task)


def generator_gradients(gan: Gan, task: Task, seeds: int, stops: Sequence[int], batch: int) -> pd.DataFrame:
    """Norm of the generator's gradient under both losses, after so many steps of the discriminator alone.

    Returns:
        Columns seed, step, loss (``saturating`` or ``non_saturating``), norm, and fake, the mean of D(G(z)).
    """
    ensemble = Ensemble(CriticOnly(gan), task, tuple(range(seeds)), max(stops), batch)
    state, rows = ensemble.initial(), list[pd.DataFrame]()
    for stop in stops:
        ensemble.advance(state, stop)
        rows += [_measured(ensemble, gan, state, stop, name) for name in LOSSES]
    return pd.concat(rows, ignore_index=True)


def _measured(ensemble: Ensemble, gan: Gan, state: State, step: int, name: str) -> pd.DataFrame:
    task, sampler = ensemble.task, gan.sampler(ensemble.task)
    noise = streams.draw(sampler.start.noise, ensemble.generators("probe"), (PROBE,))
    data = task.to_float(task.train[:1]).expand(len(ensemble.seeds), -1, *task.shape)
    batch = Batch(data, data.new_zeros(len(data), 1, 0), noise, data.new_zeros(()))

    def objective(nets: Nets, given: Batch) -> Loss:
        scores = nets["critic"](sampler.start.of(nets, given.noise, given.c))
        return Loss(LOSSES[name](scores), {"fake": torch.sigmoid(scores).mean()})

    update = Update(objective, {"generator": gan.generator_optimizer}, sampler.start.noise)
    own = {"generator": state.players["generator"]}
    slopes, found = gradient(update, ensemble.layouts, "batched")(
        own, state.players, state.buffers, batch, (None,) * len(data)
    )
    return pd.DataFrame(
        {
            "seed": ensemble.seeds,
            "step": step,
            "loss": name,
            "norm": slopes["generator"].norm(dim=1).double(),
            "fake": found.stats["fake"].double(),
        }
    )
