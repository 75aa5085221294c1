"""What every model promises. Each check takes a model, or the name of one, and a task that is not refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter

import torch
from torch import Tensor

from genbench.engine import checkpoint, streams
from genbench.engine.ensemble import Ensemble
from genbench.engine.gradients import Backend
from genbench.engine.module_state import tensors
from genbench.engine.sampling import draw
from genbench.engine.state import State
from genbench.models.capabilities import Density, Latent, MarkovChain, Translator
from genbench.models.model import Model, Update
from genbench.registry import models, tasks
from genbench.tasks.condition import Condition
from genbench.tasks.task import Task

STEPS, BATCH = 6, 16
SMALL = {"sampling_sweeps": 3, "width": 16}
"""Options that make a check quick, for the models that have them."""


def small_tasks() -> list[Task]:
    """One task of points and one of images, both small."""
    digits: Task = tasks["digits"].create()
    few = replace(digits, train=digits.train[:200], train_labels=None)
    return [tasks["ring8"].create(samples=500), few]


def conditional_tasks() -> list[Task]:
    """Small tasks with a condition of each kind: a class, a point of another cloud, an image, a text."""
    points, digits = small_tasks()
    labels = digits.held_out_labels
    assert labels is not None
    few = replace(
        digits, train=digits.held_out[:200], held_out=digits.held_out[200:300], held_out_labels=None
    )
    kinds = {
        "classes": Condition("classes", labels[:200], labels[200:300]),
        "images": Condition("images", few.train.flip(3), few.held_out.flip(3)),
        "tokens": Condition("tokens", labels[:200, None].expand(-1, 3), labels[200:300, None].expand(-1, 3)),
    }
    moved = Condition("points", 2 * points.train.flip(0)[:300] + 1, 2 * points.held_out + 1, paired=False)
    conditioned = [replace(few, name=f"digits-{kind}", condition=c) for kind, c in kinds.items()]
    return [replace(points, name="ring8-unpaired", condition=moved), *conditioned]


def ensemble(
    model: str | Model, task: Task, seeds: tuple[int, ...], backend: Backend = "batched"
) -> Ensemble:
    """The model, or the one of that name made small, on `task`; seed by seed where one program cannot."""
    given = _small(model) if isinstance(model, str) else model
    return Ensemble(given, task, seeds, STEPS, BATCH, backend).feasible()


def _small(name: str) -> Model:
    entry = models[name]
    options = {option: value for option, value in SMALL.items() if option in entry.options}
    model: Model = entry.create(**options)
    return model


def check_backends_agree(model: str | Model, task: Task) -> None:
    """The batched program computes what a plain loop over the seeds computes, up to rounding.

    Or it says why one program cannot serve all seeds.
    """
    runs = ensemble(model, task, (0, 1))
    if runs.backend == "loop":
        assert runs.unbatchable
        return
    looped = ensemble(model, task, (0, 1), "loop")
    _assert_close(_trained(runs), _trained(looped), task)


def check_seeds_are_independent(model: str | Model, task: Task) -> None:
    """A seed's parameters, state and samples do not depend on which seeds ran beside it."""
    alone, among = ensemble(model, task, (3,)), ensemble(model, task, (0, 3, 7))
    one, three = _trained(alone), _trained(among)
    for name, own in _everything(one).items():
        torch.testing.assert_close(own[0], _everything(three)[name][1], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(
        draw(alone, one, 20, "bank")[0], draw(among, three, 20, "bank")[1], rtol=1e-3, atol=1e-3
    )


def check_seeds_differ(model: str | Model, task: Task) -> None:
    """Seeds have random numbers of their own: two of them do not draw the same samples."""
    runs = ensemble(model, task, (0, 7))
    samples = draw(runs, _trained(runs), 20, "bank")
    translates = runs.model.sampler(task).start.noise == {}
    differ = [not torch.equal(flat[0], flat[1]) for flat in _trained(runs).players.values()]
    assert any(differ) if translates else not torch.equal(samples[0], samples[1])


def check_resume_is_exact(model: str | Model, task: Task) -> None:
    """A run saved, read back and continued ends with the very bits of one that was not interrupted."""
    runs = ensemble(model, task, (0, 1))
    whole = runs.initial()
    for stop in (STEPS // 2, STEPS):
        runs.advance(whole, stop)
    first = runs.initial()
    runs.advance(first, STEPS // 2)
    second = checkpoint.from_bytes(checkpoint.to_bytes(first, "key"), "state", "key", task.device)
    ensemble(model, task, (0, 1)).advance(second, STEPS)
    ours, theirs = _everything(whole), _everything(second)
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        assert torch.equal(values, theirs[name]), name


def check_every_player_learns(model: str | Model, task: Task) -> None:
    """Training moves the parameters of every net that an update or assignment names; all stay finite."""
    runs = ensemble(model, task, (0,))
    before, after = runs.initial(), _trained(runs)
    moved = _moved(runs)
    assert moved, "no update moves anything"
    for player, parameters in after.players.items():
        assert parameters.isfinite().all()
        assert torch.equal(parameters, before.players[player]) == (player not in moved), player


def check_frozen_parameters_stay(model: str | Model, task: Task) -> None:
    """Parameters that need no gradient end as they began, to the bit."""
    runs = ensemble(model, task, (0, 1))
    before, after = _frozen(runs, runs.initial()), _frozen(runs, _trained(runs))
    for name, parameter in before.items():
        assert torch.equal(parameter, after[name]), f"{name} is frozen and moved"


def check_samples(model: str | Model, task: Task) -> None:
    """Samples have the task's shape, are finite, images lie in [0, 1], and a bank is always the same."""
    runs = ensemble(model, task, (0, 1))
    state = _trained(runs)
    samples = draw(runs, state, 20, "bank")
    assert samples.shape == (2, 20, *task.shape)
    assert samples.isfinite().all()
    assert task.kind == "points" or (samples.min() >= 0 and samples.max() <= 1)
    assert torch.equal(samples, draw(runs, state, 20, "bank"))


def check_sampling_changes_nothing(model: str | Model, task: Task) -> None:
    """Drawing samples leaves parameters, state and what follows of the training as they were."""
    runs = ensemble(model, task, (0, 1))
    looked, blind = runs.initial(), runs.initial()
    for state in (looked, blind):
        runs.advance(state, STEPS // 2)
        if state is looked:
            draw(runs, state, 20, "bank")
        runs.advance(state, STEPS)
    for name, values in _everything(looked).items():
        assert torch.equal(values, _everything(blind)[name]), name


def check_capabilities(model: str | Model, task: Task) -> None:
    """What a model says that it can do gives numbers of the right shape, and its sampler fits it.

    Log-densities (B,) are finite; a latent space is mapped in one pass, and smoothly; chains may start at
    data; a translation is asked for examples.
    """
    runs = ensemble(model, task, (0,))
    able, nets, sampler = runs.model, runs.nets(_trained(runs), 0), runs.model.sampler(task)
    c, x = task.asked(8), task.to_float(task.held_out[:8])
    z = {
        name: drawn[0]
        for name, drawn in streams.draw(sampler.start.noise, runs.generators("z"), (8,)).items()
    }
    with torch.no_grad():
        start = sampler.start.of(nets, z, c)
        assert len(start) == 8
        if isinstance(able, Density):
            density = able.log_prob(task, nets, x, c)
            assert density.shape == (8,)
            assert density.isfinite().all()
        if isinstance(able, Latent):
            moved = sampler.start.of(nets, {name: noise + 1e-6 for name, noise in z.items()}, c)
            assert sampler.steps == 0
            assert (moved - start).abs().max() < 1e-2
        if isinstance(able, MarkovChain):
            assert able.start_at(task, nets, x, z).shape == start.shape
        if isinstance(able, Translator):
            assert task.condition is not None
            assert task.condition.kind in ("points", "images")


def check_broken_seed_freezes_alone(model: str | Model, task: Task) -> None:
    """A seed whose loss is not finite keeps its parameters and is reported; the other goes on.

    A rule that sees no parameters, such as a decomposition of the data, has nothing to break.
    """
    runs = ensemble(model, task, (0, 1))
    state = runs.initial()
    for parameters in state.players.values():
        parameters[0] = torch.nan
    healthy = {name: parameters.clone() for name, parameters in state.players.items()}
    runs.advance(state, STEPS)
    descends = any(isinstance(update, Update) for span in runs.spans for update in span.updates)
    assert state.died[1] == -1
    assert state.died[0] == 0 or not descends
    moved = _moved(runs)
    for player, parameters in state.players.items():
        assert parameters[0].isnan().all() or state.died[0] == -1
        assert parameters[1].isfinite().all()
        assert torch.equal(parameters[1], healthy[player][1]) == (player not in moved)


def check_compiled_agrees(model: str | Model, task: Task) -> None:
    """Compiled updates compute what plain ones do, up to rounding; takes a compiler, and seconds each."""
    plain = ensemble(model, task, (0, 1))
    if plain.backend == "batched":
        _assert_close(_trained(replace(plain, compiled=True)), _trained(plain), task)


MODEL_CHECKS: tuple[Callable[[str | Model, Task], None], ...] = (
    check_backends_agree,
    check_seeds_are_independent,
    check_seeds_differ,
    check_resume_is_exact,
    check_every_player_learns,
    check_frozen_parameters_stay,
    check_samples,
    check_sampling_changes_nothing,
    check_capabilities,
    check_broken_seed_freezes_alone,
)
"""All checks but `check_compiled_agrees`, which takes long."""


def _trained(runs: Ensemble) -> State:
    state = runs.initial()
    runs.advance(state, STEPS)
    return state


def _moved(runs: Ensemble) -> set[str]:
    """The players that some update or assignment names."""
    return {player for span in runs.spans for update in span.updates for player in update.players}


def _everything(state: State) -> dict[str, Tensor]:
    """Parameters, buffers and what optimisers remember, by a name of their own."""
    remembered = {f"{key}.{n}": t for key, own in state.optimizers.items() for n, t in own.items() if t.dim()}
    return {**state.players, **state.buffers, **remembered}


def _assert_close(one: State, other: State, task: Task) -> None:
    for name, values in _everything(one).items():
        torch.testing.assert_close(values, _everything(other)[name], rtol=1e-3, atol=1e-4)


def _frozen(runs: Ensemble, state: State) -> Mapping[str, Tensor]:
    """Copies of every parameter that needs no gradient, of each seed."""
    found = {}
    modules = runs.model.nets(runs.task)
    for name, module in modules.items():
        frozen = {n for n, p in module.named_parameters() if not p.requires_grad} & set(tensors(module))
        for row, seed in enumerate(runs.seeds):
            net = runs.nets(state, row)[name]
            for path in frozen:
                found[f"{name}.{path} of seed {seed}"] = attrgetter(path)(net).detach().clone()
    return found
