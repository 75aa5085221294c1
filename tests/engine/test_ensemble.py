"""The training loop: budgets, phases, projections and signals."""

import pytest
import torch
from torch import Tensor, nn

from genbench.engine.ensemble import Ensemble
from genbench.engine.spans import spans
from genbench.models.model import (
    Constant,
    Copy,
    Draw,
    Loss,
    Model,
    Noise,
    Phase,
    Sampler,
    Start,
    Update,
)
from genbench.ops.optim import sgd
from genbench.registry import models, tasks
from genbench.tasks.task import Task


class Mean(Model):
    """Learns the mean of the data by gradient descent, which is known in closed form."""

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"mean": nn.Linear(2, 2), "idle": nn.Linear(2, 2)}

    def objective(self, nets, batch) -> Loss:
        zero = torch.zeros(1, 2)
        return Loss((nets["mean"](zero) - batch.x).square().sum(1).mean() / 2, {"seen": batch.x.mean()})

    def phases(self, task: Task) -> list[Phase]:
        first, then = (Update(self.objective, {"mean": sgd(rate)}) for rate in (0.5, 0.0))
        return [Phase([first], share=1), Phase([then], share=3)]

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw({"z": Noise("normal", (2,))}, lambda nets, noise, c: nets["mean"](noise["z"])))


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks["gaussian"].create(samples=64)


@pytest.mark.parametrize("backend", ["batched", "loop"])
def test_gradient_descent_in_closed_form(task, backend):
    runs = Ensemble(Mean(), task, (0, 1), steps=20, batch=64, backend=backend)
    state = runs.initial()
    runs.advance(state, 5)
    for row in range(2):
        bias = runs.nets(state, row)["mean"](torch.zeros(1, 2))[0]
        start = runs.nets(runs.initial(), row)["mean"](torch.zeros(1, 2))[0]
        # The batch is the data set, so each step halves the distance to its mean.
        torch.testing.assert_close(bias - task.train.mean(0), (start - task.train.mean(0)) / 2**5)


def test_phases_share_the_budget(task):
    runs = Ensemble(Mean(), task, (0,), steps=20, batch=64)
    assert [(start, end) for start, end, _ in runs.spans] == [(0, 5), (5, 20)]
    state = runs.initial()
    runs.advance(state, 5)
    settled = state.players["mean"].clone()
    runs.advance(state, 20)
    assert torch.equal(settled, state.players["mean"])
    assert torch.equal(state.players["idle"], runs.initial().players["idle"])


def test_signals_are_means_over_the_stretch(task):
    runs = Ensemble(Mean(), task, (0, 1), steps=20, batch=64)
    state = runs.initial()
    signals = runs.advance(state, 20).read()
    assert signals["seen"] == pytest.approx([task.train.mean().item()] * 2, rel=1e-5)
    assert set(signals) >= {
        "mean/grad_norm",
        "mean/grad_norm_first",
        "mean/grad_norm_last",
        "mean/update_norm",
    }
    assert "idle/grad_norm" not in signals


def test_examples_count_critic_steps(task):
    runs = Ensemble(models["wgan"].create(critic_steps=3, width=8), task, (0,), steps=10, batch=16)
    assert [runs.examples(step) for step in (0, 1, 10)] == [0, 48, 480]


def test_clipping_holds_after_every_update(task):
    runs = Ensemble(models["wgan"].create(clip=0.01, width=8), task, (0, 1), steps=4, batch=16)
    state = runs.initial()
    runs.advance(state, 4)
    assert state.players["critic"].abs().max() <= 0.01
    assert state.players["generator"].abs().max() > 0.01


def test_a_step_does_not_depend_on_how_the_run_is_cut(task):
    runs = Ensemble(models["gan"].create(width=8), task, (0, 1), steps=40, batch=16)
    whole, cut = runs.initial(), runs.initial()
    runs.advance(whole, 40)
    for stop in (1, 2, 17, 40):
        runs.advance(cut, stop)
    assert torch.equal(whole.players["generator"], cut.players["generator"])


def test_methods_on_one_seed_see_the_same_data(task):
    seen: dict[str, list[Tensor]] = {}

    class Spy(Mean):
        def __init__(self, name: str) -> None:
            self.name = name

        def objective(self, nets, batch) -> Loss:
            seen.setdefault(self.name, []).append(batch.x.detach().clone())
            return super().objective(nets, batch)

    for name in ("first", "second"):
        runs = Ensemble(Spy(name), task, (4,), steps=6, batch=16, backend="loop")
        state = runs.initial()
        seen[name] = []  # what a rehearsal showed it does not count
        runs.advance(state, 6)
    assert len(seen["first"]) == 6
    assert all(torch.equal(a, b) for a, b in zip(seen["first"], seen["second"], strict=True))


def test_phases_of_fixed_length_come_off_the_budget_and_others_share_the_rest():
    phases = [Phase([], steps=3), Phase([], share=1), Phase([], steps=2), Phase([], share=3)]
    assert [(s.start, s.end) for s in spans(phases, 25)] == [(0, 3), (3, 8), (8, 10), (10, 25)]
    assert [(s.start, s.end) for s in spans(phases, 4)] == [(0, 3), (3, 3), (3, 4), (4, 4)]
    assert [(s.start, s.end) for s in spans([Phase([], steps=1)], 9)] == [(0, 1)]


class Counting(Mean):
    """Keeps a constant, a copy of a net and noise, and tells how far the phase is."""

    def objective(self, nets, batch) -> Loss:
        stats = {"progress": batch.progress, "calls": nets["mean"].calls}
        moved = {"mean.calls": nets["mean"].calls + 1}
        return super().objective(nets, batch)._replace(buffers=moved, stats=stats)

    def buffers(self, task: Task, batch: int) -> dict[str, Start]:
        return {
            "mean.calls": Constant(5.0),
            "mean.first": Copy("mean"),
            "idle.noise": Noise("normal", (3,)),
        }


@pytest.mark.parametrize("backend", ["batched", "loop"])
def test_buffers_start_as_a_constant_a_copy_or_noise(task, backend):
    runs = Ensemble(Counting(), task, (0, 1), steps=8, batch=8, backend=backend)
    state = runs.initial()
    first = state.players["mean"].clone()
    signals = runs.advance(state, 1).read()
    assert signals["calls"] == [5.0, 5.0]
    assert signals["progress"] == [0.0, 0.0]
    runs.advance(state, 4)
    assert state.buffers["mean.calls"].tolist() == [9.0, 9.0]
    assert torch.equal(state.buffers["mean.first"], first)
    assert not torch.equal(state.players["mean"], first)
    assert not torch.equal(*state.buffers["idle.noise"])


def test_progress_is_the_share_of_the_phase_that_is_over(task):
    runs = Ensemble(Counting(), task, (0,), steps=8, batch=8)
    state = runs.initial()
    found = [runs.advance(state, step).read()["progress"][0] for step in range(1, 9)]
    assert found == pytest.approx([0, 1 / 2, 0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6])
