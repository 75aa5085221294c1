"""Modules are in training mode in updates, from the first step on, and in evaluation mode elsewhere."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import draw
from genbench.models.model import Draw, Loss, Model, Noise, Phase, Sampler, Update
from genbench.ops.optim import sgd
from genbench.tasks.task import Task
from genbench.testing import check_compiled_agrees, small_tasks

POINTS = small_tasks()[0]


WATCHED: list[bool] = []
"""The mode of every call of a `Watched` layer."""


class Watched(nn.Linear):
    """A layer that notes in which mode it is called."""

    def forward(self, x: Tensor) -> Tensor:
        WATCHED.append(self.training)
        return super().forward(x)


@dataclass(frozen=True)
class Plain(Model):
    """One net and one update."""

    norm: bool = False

    def nets(self, task: Task) -> dict[str, nn.Module]:
        if self.norm:
            return {"net": nn.Sequential(nn.Linear(2, 4, bias=False), nn.BatchNorm1d(4), nn.Linear(4, 2))}
        return {"net": Watched(2, 2)}

    def phases(self, task: Task) -> list[Phase]:
        def objective(nets, batch) -> Loss:
            return Loss((nets["net"](batch.noise["z"]) - batch.x).square().mean())

        return [Phase([Update(objective, {"net": sgd(0.1)}, {"z": Noise("normal", (2,))})])]

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw({"z": Noise("normal", (2,))}, lambda nets, noise, c: nets["net"](noise["z"])))


@pytest.mark.parametrize("backend", ["batched", "loop"])
def test_updates_train_and_samples_do_not(backend):
    runs = Ensemble(Plain(), POINTS, (0, 1), 4, 8, backend)
    state = runs.initial()
    assert runs.unbatchable is None, "a rehearsal, which draws samples too, comes before"
    for stop in (1, 4):
        WATCHED.clear()
        runs.advance(state, stop)
        assert WATCHED
        assert all(WATCHED)
    WATCHED.clear()
    draw(runs, state, 5, "bank")
    assert WATCHED
    assert not any(WATCHED)


@pytest.mark.parametrize("backend", ["batched", "loop"])
def test_running_statistics_are_those_of_every_batch_from_the_first_on(backend):
    runs = Ensemble(Plain(norm=True), POINTS, (0, 1), 3, 8, backend)
    state = runs.initial()
    runs.advance(state, 1)
    assert state.buffers["net.1.num_batches_tracked"].tolist() == [1, 1]
    assert not torch.equal(state.buffers["net.1.running_mean"][0], torch.zeros(4))
    runs.advance(state, 3)
    assert state.buffers["net.1.num_batches_tracked"].tolist() == [3, 3]


def test_compiled_updates_move_running_statistics_too():
    check_compiled_agrees(Plain(norm=True), POINTS)
