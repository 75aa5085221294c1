"""One evaluation of every update before training, which shows what the modules of a model do.

A model is a stranger's code: whether its forward passes change buffers, draw random numbers of their own, or
cannot serve all seeds in one program is found out by trying, and nothing that is tried is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from genbench.engine import module_state, streams
from genbench.engine.gradients import Layouts, Tensors, assignment, gradient, of_seed
from genbench.engine.module_state import refuse_foreign_chance
from genbench.engine.nets import Layout, bind, flatten, training
from genbench.models.model import Assign, Batch, Draw, Model, Sampler, Update
from genbench.tasks.task import Task

SAMPLES = 8
"""Samples that are drawn in a rehearsal."""


@dataclass(frozen=True)
class Traits:
    """What the modules of a model have shown.

    Attributes:
        state: names of the tensors of each net that belong to a seed, see `engine.module_state`.
        changing: whether forward passes change any of them.
        random: whether modules draw random numbers of their own, as dropout does.
    """

    state: Mapping[str, tuple[str, ...]]
    changing: bool
    random: bool


def rehearse(
    model: Model, task: Task, batch: int, nets: Mapping[str, nn.Module], others: Mapping[str, nn.Module]
) -> Traits:
    """What one evaluation of every update, and a few samples, show of the nets of one seed.

    Args:
        nets, others: of two seeds, as `Model.nets` gives them, on the task's device.

    Raises:
        InputError: they hold what cannot be right for many seeds, and the sentence says what to do.
    """
    module_state.refuse_shared(nets)
    for name, net in nets.items():
        module_state.refuse_hidden_differences(name, net, others[name])
    layouts = {name: Layout(net) for name, net in nets.items()}
    names = {name: tuple(module_state.tensors(net)) for name, net in nets.items()}
    before = _tensors(layouts, names)
    random = _draws_of_their_own(task.device, lambda: _evaluate(model, task, batch, nets, layouts))
    after = _tensors(layouts, names)
    changed = {key for key, (where, now) in after.items() if not _unchanged(before[key], where, now)}
    differing = {(n, path) for n, net in nets.items() for path in module_state.differing(net, others[n])}
    kept = changed | differing
    state = {name: tuple(path for path in own if (name, path) in kept) for name, own in names.items()}
    return Traits(state, bool(changed), random)


def why_not_batched(
    model: Model, task: Task, batch: int, layouts: Layouts, players: Tensors, buffers: Tensors
) -> str | None:
    """Why seeds cannot be trained by one program, as a phrase; None if they can, which is tried.

    Args:
        players, buffers: of one seed, which lies in front of each.
    """
    source = [streams.generator(task.device, "rehearsal")]
    with training(layouts):
        for update in (update for phase in model.phases(task) for update in phase.updates):
            given = example_batch(task, update, batch, source)
            given = given if not update.whole else given._replace(x=given.x[0], c=given.c[0])
            try:
                if isinstance(update, Assign):
                    assignment(update, layouts, "batched")(players, buffers, given, (None,))
                else:
                    own = {player: players[player] for player in update.players}
                    gradient(update, layouts, "batched")(own, players, buffers, given, (None,))
            except (MemoryError, torch.OutOfMemoryError):
                raise
            except Exception as error:  # whatever torch, or a stranger's code, makes of a stack of seeds
                return module_state.why_not_batched(error)
    return None


def _tensors(
    layouts: Layouts, names: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], tuple[Any, Tensor]]:
    """Identity and version of every tensor that is no trainable parameter, and a copy of it."""
    found = {}
    for net, own in names.items():
        for name in own:
            tensor: Tensor = attrgetter(name)(layouts[net].shell)
            found[net, name] = (id(tensor), tensor._version), tensor.detach().clone()
    return found


def _unchanged(before: tuple[Any, Tensor], where: Any, now: Tensor) -> bool:
    """Whether a tensor is the same, value included: batch norm's statistics move without a new version."""
    return bool(before[0] == where and torch.equal(before[1], now))


def _draws_of_their_own(device: torch.device, evaluate: Callable[[], None]) -> bool:
    """Whether an evaluation draws from torch's global random numbers; they are left as they were.

    Raises:
        InputError: it draws from Python's or NumPy's.
    """
    with module_state.seeded(0, device), refuse_foreign_chance():
        before = _torch_states(device)
        evaluate()
        return any(not torch.equal(a, b) for a, b in zip(before, _torch_states(device), strict=True))


def _torch_states(device: torch.device) -> list[Tensor]:
    on_device = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.random.get_rng_state(), *on_device]


def _evaluate(model: Model, task: Task, batch: int, nets: Mapping[str, nn.Module], layouts: Layouts) -> None:
    """Evaluate every update and the sampler once, with the nets of one seed."""
    source = [streams.generator(task.device, "rehearsal")]
    flats = {name: flatten(net) for name, net in nets.items()}
    starts = streams.starts(model.buffers(task, batch), flats, source)
    buffers = {name: stacked[0] for name, stacked in starts.items()}
    bound = bind(layouts, flats, buffers)
    with training(layouts):
        for update in (update for phase in model.phases(task) for update in phase.updates):
            given = of_seed(example_batch(task, update, batch, source), 0, whole=False)
            (update.rule if isinstance(update, Assign) else update.objective)(bound, given)
    with torch.no_grad():
        _sample(model.sampler(task), task, bound, source)


def example_batch(
    task: Task, update: Update | Assign, batch: int, sources: Sequence[torch.Generator]
) -> Batch:
    """A batch of the first training examples, the same for every seed, with noise of its own."""
    rows = torch.arange(batch, device=task.device) % len(task.train)
    c_rows = rows if task.condition is None else rows % len(task.condition.train)
    x, c = task.to_float(task.train[rows]), task.conditions(c_rows)
    noise = streams.draw(update.noise, sources, (batch,))
    seeds = len(sources)
    return Batch(x.expand(seeds, *x.shape), c.expand(seeds, *c.shape), noise, x.new_zeros(()))


def _sample(sampler: Sampler, task: Task, nets: Mapping[str, Any], source: list[torch.Generator]) -> None:
    c = task.asked(SAMPLES)

    def drawn(part: Draw) -> dict[str, Tensor]:
        return {name: noise[0] for name, noise in streams.draw(part.noise, source, (SAMPLES,)).items()}

    x = sampler.start.of(nets, drawn(sampler.start), c)
    if sampler.step is not None and sampler.steps:
        x = sampler.step.of(nets, x, drawn(sampler.step), c, 0)
    if sampler.read is not None:
        sampler.read.of(nets, x, drawn(sampler.read), c)
