"""A few evaluations of every update before training, which show what the modules of a model do.

A model is a stranger's code: whether its forward passes change buffers, draw random numbers of their own,
depend on what no seed can own, or cannot serve all seeds in one program is found out by trying. Nothing that
is tried is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from genbench.engine import module_state, refusals, streams
from genbench.engine.chance import refuse_foreign_chance, seeded
from genbench.engine.gradients import of_seed
from genbench.engine.module_state import Modules, differing, same, tensors
from genbench.engine.nets import Layout, Net, flatten, training
from genbench.models.model import Assign, Batch, Draws, Model, Sampler, Update
from genbench.tasks.task import Task
from genbench.types import InputError

SAMPLES = 8
"""Samples that are drawn in a rehearsal."""
START, END = 0.0, 0.999
"""Shares of a phase at which its updates are tried, since a model may do later what it does not at first."""


@dataclass(frozen=True)
class Traits:
    """What the modules of a model have shown.

    Attributes:
        state: names of the tensors of each net that belong to a seed, see `engine.module_state`.
        changing: whether forward passes change any of them.
        random: whether modules draw random numbers of their own, as dropout does.
        caching: whether modules keep something else between two calls, on which no result depends.
    """

    state: Mapping[str, tuple[str, ...]]
    changing: bool
    random: bool
    caching: bool


def rehearse(model: Model, task: Task, batch: int, nets: Modules, others: Modules, again: Modules) -> Traits:
    """What evaluations of every update, and of a few samples, show of the nets of a model.

    One seed's modules are called with its own tensors, and then with another's: it must make no difference
    to results that they are the first seed's and have been called before.

    Args:
        nets, others, again: of two seeds, and of the first one once more, as `Model.nets` gives them, on the
            task's device.

    Raises:
        InputError: they hold what cannot be right for many seeds, and the sentence says what to do.
    """
    for given in (nets, others):
        refusals.refuse_lazy(given)
    refusals.refuse_shared(nets)
    refusals.refuse_two_of_one_name(nets, model.buffers(task, batch))
    refusals.refuse_other_shapes(nets, others)
    refusals.refuse_unrepeatable(nets, again)
    refusals.refuse_hidden_differences(nets, others)
    stage, theirs = _Stage(model, task, batch, nets), _Stage(model, task, batch, others)
    before = stage.hidden()
    stage.evaluate(nets, START)
    caching = not _all_equal(before, stage.hidden())
    if caching:
        _refuse_counters(stage, nets)
    found, wanted = stage.evaluate(others, END), theirs.evaluate(others, END)
    if not _close(found, wanted):
        raise InputError(_what_differs(stage, theirs))
    kept = stage.changed | {(n, path) for n, net in nets.items() for path in differing(net, others[n])}
    state = {n: tuple(path for path in tensors(net) if (n, path) in kept) for n, net in nets.items()}
    return Traits(state, bool(stage.changed), stage.random, caching)


class _Stage:
    """Modules of one seed, on which updates and samples are tried; every tensor of theirs is state here.

    Attributes:
        changed: net and name of the tensors that evaluations have changed so far.
        random: whether they drew from torch's global random numbers.
    """

    def __init__(self, model: Model, task: Task, batch: int, nets: Modules) -> None:
        self.model, self.task, self.batch = model, task, batch
        self.layouts = {name: Layout(net, tuple(tensors(net))) for name, net in nets.items()}
        self.changed: set[tuple[str, str]] = set()
        self.random = False

    def hidden(self) -> dict[str, list[Any]]:
        """What the modules hold beside tensors now, see `module_state.hidden`."""
        return {
            f"{name}.{path}": leaves
            for name, layout in self.layouts.items()
            for path, leaves in module_state.hidden(layout.shell).items()
        }

    def evaluate(self, seed: Modules, progress: float) -> list[Tensor]:
        """What the updates and a few samples give with the tensors of a seed's modules.

        Raises:
            InputError: a module changes what is not its own to change.
        """
        device = self.task.device
        with seeded(0, device), refuse_foreign_chance():
            before = _torch_states(device)
            nets = self._nets(seed)
            results = self._results(nets, progress)
            states = zip(before, _torch_states(device), strict=True)
            self.random |= any(not torch.equal(*pair) for pair in states)
        for name, net in nets.items():
            self._note_changes(name, net, seed[name])
            results += net.module_state.values()
        return [t.detach() for t in results]

    def _nets(self, seed: Modules) -> dict[str, Net]:
        flats = {name: flatten(net) for name, net in seed.items()}
        sources = [streams.generator(self.task.device, "rehearsal")]
        starts = streams.starts(self.model.buffers(self.task, self.batch), flats, sources)
        return {
            name: Net(
                self.layouts[name],
                flats[name],
                {
                    **{k.partition(".")[2]: t[0] for k, t in starts.items() if k.startswith(f"{name}.")},
                    **{path: tensor.detach() for path, tensor in tensors(net).items()},
                },
                [p.detach().clone().requires_grad_() for p in net.parameters() if p.requires_grad],
            )
            for name, net in seed.items()
        }

    def _results(self, nets: Mapping[str, Net], progress: float) -> list[Tensor]:
        source = [streams.generator(self.task.device, "rehearsal")]
        found: list[Any] = []
        with training(self.layouts):
            modes = self._modes()
            for update in all_updates(self.model, self.task):
                given = of_seed(example_batch(self.task, update, self.batch, source), 0, whole=False)
                given = given._replace(progress=given.progress + progress)
                if isinstance(update, Assign):
                    with torch.no_grad():
                        found.append(update.rule(nets, given))
                else:
                    found.append(update.objective(nets, given))
            if self._modes() != modes:
                raise InputError(
                    "an update leaves a module in another mode than it found it in, training or evaluation; "
                    "the engine sets the mode, and samples are drawn in evaluation mode"
                )
        with torch.no_grad():
            sampler = self.model.sampler(self.task)
            found.append(sample_once(sampler, nets, sampler_noise(sampler, source), self.task.asked(SAMPLES)))
        return [leaf for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]

    def _modes(self) -> list[bool]:
        return [part.training for layout in self.layouts.values() for part in layout.shell.modules()]

    def _note_changes(self, name: str, net: Net, module: nn.Module) -> None:
        layout, own = self.layouts[name], dict(module.named_parameters())
        if layout.held_by(net):
            for (path, now), put in zip(layout.current_parameters().items(), net.parts, strict=True):
                if now is not put or not same(put, own[path]):
                    raise InputError(
                        f"{name}.{path} is trained, and a forward pass changes it, too; set it by an Assign, "
                        "or make it a buffer"
                    )
        started = tensors(module)
        for path, now in net.module_state.items():
            if (now.shape, now.dtype) != (started[path].shape, started[path].dtype):
                raise InputError(
                    f"{name}.{path} changes its shape or type in a forward pass, which the state of many "
                    "seeds cannot; let it start with those that it ends with"
                )
            if not same(now, started[path]):
                self.changed.add((name, path))


def _refuse_counters(stage: _Stage, nets: Modules) -> None:
    """Refuse numbers that another evaluation of the same moves.

    Raises:
        InputError: there are such; they would go on from seed to seed, and get lost on resuming.
    """
    before = stage.hidden()
    stage.evaluate(nets, START)
    for where, leaves in stage.hidden().items():
        if not module_state.equal(leaves, before.get(where, leaves)):
            raise InputError(
                f"{where} changes with every forward pass and is no tensor, so that it would go on from seed "
                "to seed; keep it with register_buffer"
            )


def _all_equal(one: Mapping[str, list[Any]], other: Mapping[str, list[Any]]) -> bool:
    return one.keys() == other.keys() and all(module_state.equal(one[name], other[name]) for name in one)


def _close(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> bool:
    """Whether results are the same, up to what rounding may do on a GPU."""
    return len(found) == len(wanted) and all(
        a.shape == b.shape and torch.allclose(a.double(), b.double(), 1e-4, 1e-6, equal_nan=True)
        for a, b in zip(found, wanted, strict=True)
    )


def _what_differs(stage: _Stage, theirs: _Stage) -> str:
    """What makes one seed's modules another's, or a second call another than the first, in a sentence."""
    for name, layout in stage.layouts.items():
        other = module_state.hidden(theirs.layouts[name].shell, tied=True)
        for path, own in module_state.hidden(layout.shell, tied=True).items():
            if not module_state.equal(own, other.get(path, [])):
                return (
                    f"{name}.{path} holds numbers beside the module's parameters and buffers, which would "
                    "stay seed 0's, or what the last call left; keep them with register_buffer"
                )
    return (
        "the model computes with numbers that are neither parameters nor buffers, and that differ between "
        "seeds or between two calls, as a function's own variables may; keep them with register_buffer"
    )


def _torch_states(device: torch.device) -> list[Tensor]:
    on_device = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.random.get_rng_state(), *on_device]


def all_updates(model: Model, task: Task) -> list[Update | Assign]:
    return [update for phase in model.phases(task) for update in phase.updates]


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


def sample_once(sampler: Sampler, nets: Mapping[str, Any], noise: Sequence[Draws], c: Tensor) -> Tensor:
    """A few samples by one step of the sampler."""
    start, step, read = noise
    x = sampler.start.of(nets, start, c)
    if sampler.step is not None and sampler.steps:
        x = sampler.step.of(nets, x, step, c, 0)
    return x if sampler.read is None else sampler.read.of(nets, x, read, c)


def sampler_noise(sampler: Sampler, source: list[torch.Generator]) -> list[Draws]:
    """What the parts of a sampler need of one seed."""
    parts = (sampler.start, sampler.step, sampler.read)
    drawn = [streams.draw(part.noise if part else {}, source, (SAMPLES,)) for part in parts]
    return [{name: noise[0] for name, noise in own.items()} for own in drawn]
