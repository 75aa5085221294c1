"""A discriminator that is trained against a generator which stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn

from genbench.engine import streams
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.gradients import gradient
from genbench.models.gan import Gan
from genbench.models.model import Draws, Loss, Model, Nets, Noise, Phase, Update
from genbench.ops.adversarial import GeneratorLoss, non_saturating, saturating
from genbench.tasks.task import Task

LOSSES: Mapping[str, GeneratorLoss] = {"saturating": saturating, "non_saturating": non_saturating}
PROBE = 1024
"""Samples behind each measured gradient."""


@dataclass(frozen=True)
class CriticOnly(Model):
    """The game of a GAN without its generator's updates."""

    gan: Gan

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return self.gan.nets(task)

    def noise(self, task: Task, batch: int) -> dict[str, Noise]:
        return self.gan.noise(task, batch)

    def phases(self, task: Task) -> Sequence[Phase]:
        return [Phase([u for u in phase.updates if u.player == "critic"]) for phase in self.gan.phases(task)]


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
    noise = streams.draw(gan.noise(ensemble.task, PROBE), ensemble.generators("probe"))
    task = ensemble.task
    data = task.to_float(task.train[:1]).expand(len(ensemble.seeds), -1, *task.shape)

    def loss(nets: Nets, x: Tensor, drawn: Draws) -> Loss:
        scores = nets["critic"](gan.sample(ensemble.task, nets, drawn))
        return Loss(LOSSES[name](scores), {"fake": torch.sigmoid(scores).mean()})

    slope_of = gradient(Update("generator", loss, gan.generator_optimizer), ensemble.layouts, "batched")
    slope, found = slope_of(state.players["generator"], state.players, state.buffers, data, noise)
    return pd.DataFrame(
        {
            "seed": ensemble.seeds,
            "step": step,
            "loss": name,
            "norm": slope.norm(dim=1).double(),
            "fake": found.stats["fake"].double(),
        }
    )
