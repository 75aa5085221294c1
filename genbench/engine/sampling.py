"""Drawing samples from an ensemble, in chunks of a fixed size, by as many steps as the sampler takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.func import vmap
from torch.utils._pytree import tree_map

from genbench.engine import streams
from genbench.engine.chance import seeded
from genbench.engine.ensemble import Ensemble
from genbench.engine.nets import bind
from genbench.engine.state import State
from genbench.models.model import Draw, Draws, Nets, Sampler

T = TypeVar("T")

CHUNK = 500
"""Samples drawn at once; part of the protocol, since batch norm ties the samples of a chunk together."""
TOGETHER = 4
"""Steps of a sampler in one call of `each`: many small steps would pay mostly for the calls."""


@torch.no_grad()
def draw(ensemble: Ensemble, state: State, n: int, bank: str) -> Tensor:
    """`n` samples of every seed, shape (S, n, *task.shape), always the same ones for the same bank.

    Where the task has a condition, sample i is asked for row i of `Task.asked`.
    """
    chunks = -(-n // CHUNK)
    asked = ensemble.task.asked(chunks * CHUNK).split(CHUNK)
    parts = [
        sampled(ensemble, state, c, ensemble.generators(bank, i), (bank, i)) for i, c in enumerate(asked)
    ]
    return torch.cat(parts, dim=1)[:, :n]


def sampled(
    ensemble: Ensemble,
    state: State,
    c: Tensor,
    sources: list[torch.Generator],
    purpose: tuple[object, ...] = (),
) -> Tensor:
    """A sample of every seed for each condition in c (n, …), shape (S, n, *task.shape), drawn at once."""
    sampler = ensemble.model.sampler(ensemble.task)
    x = started(ensemble, state, sampler, c, sources, purpose)
    x = stepped(ensemble, state, sampler, x, c, range(sampler.steps), sources, purpose)
    return read(ensemble, state, sampler, x, c, sources, purpose)


def started(
    ensemble: Ensemble,
    state: State,
    sampler: Sampler,
    c: Tensor,
    sources: list[torch.Generator],
    purpose: tuple[object, ...] = (),
) -> Tensor:
    """The first state (S, n, …) of the sampler."""
    noise = streams.draw(sampler.start.noise, sources, (len(c),))
    return each(ensemble, state, lambda nets, z: sampler.start.of(nets, z, c), noise, purpose=purpose)


def stepped(
    ensemble: Ensemble,
    state: State,
    sampler: Sampler,
    x: Tensor,
    c: Tensor,
    steps: range,
    sources: list[torch.Generator],
    purpose: tuple[object, ...] = (),
) -> Tensor:
    """The state (S, n, …) after these steps of the sampler; noise is drawn step by step."""
    step = sampler.step
    if step is None:
        return x

    for first in range(0, len(steps), TOGETHER):
        numbers = steps[first : first + TOGETHER]
        noises = [streams.draw(step.noise, sources, (x.shape[1],)) for _ in numbers]
        x = each(ensemble, state, _several(step, c, numbers), x, noises, purpose=(*purpose, numbers[0]))
    return x


def _several(step: Draw, c: Tensor, numbers: range) -> Callable[[Nets, Tensor, Sequence[Draws]], Tensor]:
    """A few steps of one seed in one call."""

    def steps(nets: Nets, x: Tensor, noises: Sequence[Draws]) -> Tensor:
        for i, noise in zip(numbers, noises, strict=True):
            x = step.of(nets, x, noise, c, i)
        return x

    return steps


def read(
    ensemble: Ensemble,
    state: State,
    sampler: Sampler,
    x: Tensor,
    c: Tensor,
    sources: list[torch.Generator],
    purpose: tuple[object, ...] = (),
) -> Tensor:
    """Samples (S, n, *task.shape) from the sampler's last state."""
    last = sampler.read
    if last is None:
        return x
    noise = streams.draw(last.noise, sources, (x.shape[1],))
    return each(ensemble, state, lambda nets, u, z: last.of(nets, u, z, c), x, noise, purpose=purpose)


def each(
    ensemble: Ensemble,
    state: State,
    function: Callable[..., T],
    *inputs: Any,
    purpose: tuple[object, ...] = (),
) -> T:
    """Call function(nets, *inputs) for every seed, by the ensemble's backend; tensors come back stacked.

    Args:
        inputs: with the seeds in front.
        purpose: what the call is for; decides the random numbers that modules draw of their own.
    """
    layouts = ensemble.layouts  # before vmap, since a net that is made draws its first weights

    def one(flats: Mapping[str, Tensor], buffers: Mapping[str, Tensor], *own: Any) -> T:
        nets: Nets = bind(layouts, flats, buffers)
        return function(nets, *own)

    if ensemble.backend == "batched":
        batched: T = vmap(one, chunk_size=ensemble.together)(state.players, state.buffers, *inputs)
        return batched
    results = []
    for row, seed in enumerate(ensemble.seeds):
        module_seed = streams.module_seed(seed, *purpose) if ensemble.traits.random else None
        with seeded(module_seed, ensemble.device):
            results.append(function(ensemble.nets(state, row), *tree_map(itemgetter(row), inputs)))
    stacked: T = tree_map(lambda *values: torch.stack(values), *results)
    return stacked
