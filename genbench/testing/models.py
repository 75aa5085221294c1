"""What every registered model promises. Each check takes a name and a task that is not refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from genbench.engine import checkpoint
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.gradients import Backend
from genbench.engine.sampling import draw
from genbench.registry import models, tasks
from genbench.tasks.task import Task

STEPS, BATCH = 6, 16
SMALL = {"sampling_sweeps": 3, "width": 16}
"""Options that make a check quick, for the models that have them."""


def small_tasks() -> list[Task]:
    """One task of points and one of images, both small."""
    digits: Task = tasks["digits"].create()
    return [tasks["ring8"].create(samples=500), replace(digits, train=digits.train[:200])]


def ensemble(name: str, task: Task, seeds: tuple[int, ...], backend: Backend = "batched") -> Ensemble:
    """The named model, made small, on `task`."""
    entry = models[name]
    options = {option: value for option, value in SMALL.items() if option in entry.options}
    return Ensemble(entry.create(**options), task, seeds, STEPS, BATCH, backend)


def check_backends_agree(name: str, task: Task) -> None:
    """The batched program computes what a plain loop over the seeds computes, up to rounding."""
    batched = _trained(ensemble(name, task, (0, 1)))
    looped = _trained(ensemble(name, task, (0, 1), "loop"))
    for player, parameters in batched.players.items():
        torch.testing.assert_close(parameters, looped.players[player], rtol=1e-3, atol=1e-4)


def check_seeds_are_independent(name: str, task: Task) -> None:
    """A seed's result does not depend on which seeds ran beside it."""
    alone = _trained(ensemble(name, task, (3,)))
    among = _trained(ensemble(name, task, (0, 3, 7)))
    for player, parameters in alone.players.items():
        torch.testing.assert_close(parameters[0], among.players[player][1], rtol=1e-3, atol=1e-4)
        assert not torch.equal(among.players[player][0], among.players[player][1])


def check_resume_is_exact(name: str, task: Task) -> None:
    """A run saved, read back and continued ends with the very bits of one that was not interrupted."""
    runs = ensemble(name, task, (0, 1))
    whole = runs.initial()
    for stop in (STEPS // 2, STEPS):
        runs.advance(whole, stop)
    first = runs.initial()
    runs.advance(first, STEPS // 2)
    second = checkpoint.from_bytes(checkpoint.to_bytes(first, "key"), "state", "key", task.device)
    ensemble(name, task, (0, 1)).advance(second, STEPS)
    for player, parameters in whole.players.items():
        assert torch.equal(parameters, second.players[player])
    for buffer, values in whole.buffers.items():
        assert torch.equal(values, second.buffers[buffer])


def check_every_player_learns(name: str, task: Task) -> None:
    """Training moves the parameters of every net, and leaves them finite."""
    runs = ensemble(name, task, (0,))
    before, after = runs.initial(), _trained(runs)
    for player, parameters in after.players.items():
        assert parameters.isfinite().all()
        assert not torch.equal(parameters, before.players[player])


def check_samples(name: str, task: Task) -> None:
    """Samples have the task's shape, are finite, images lie in [0, 1], and a bank is always the same."""
    runs = ensemble(name, task, (0, 1))
    state = _trained(runs)
    samples = draw(runs, state, 20, "bank")
    assert samples.shape == (2, 20, *task.shape)
    assert samples.isfinite().all()
    assert task.kind == "points" or (samples.min() >= 0 and samples.max() <= 1)
    assert torch.equal(samples, draw(runs, state, 20, "bank"))
    assert not torch.equal(samples[0], samples[1])


def check_broken_seed_freezes_alone(name: str, task: Task) -> None:
    """A seed whose loss is not finite keeps its parameters and is reported; the other goes on."""
    runs = ensemble(name, task, (0, 1))
    state = runs.initial()
    for parameters in state.players.values():
        parameters[0] = torch.nan
    healthy = _copy(state.players)
    runs.advance(state, STEPS)
    assert state.died.tolist() == [0, -1]
    for player, parameters in state.players.items():
        assert parameters[0].isnan().all()
        assert parameters[1].isfinite().all()
        assert not torch.equal(parameters[1], healthy[player][1])


MODEL_CHECKS: tuple[Callable[[str, Task], None], ...] = (
    check_backends_agree,
    check_seeds_are_independent,
    check_resume_is_exact,
    check_every_player_learns,
    check_samples,
    check_broken_seed_freezes_alone,
)


def _trained(runs: Ensemble) -> State:
    state = runs.initial()
    runs.advance(state, STEPS)
    return state


def _copy(players: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: parameters.clone() for name, parameters in players.items()}
