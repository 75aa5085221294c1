"""Drawing samples from an ensemble: one pass, or Markov chains, in chunks of a fixed size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.func import vmap
from torch.utils._pytree import tree_map

from genbench.engine import streams
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.nets import bind
from genbench.models.model import ChainSampler, DirectSampler, Draws, Nets
from genbench.types import GenbenchError

T = TypeVar("T")

CHUNK = 500
"""Samples drawn at once; part of the protocol, since batch norm ties the samples of a chunk together."""
TOGETHER = 4
"""Sweeps of a Markov chain in one call of `each`: many small sweeps would pay mostly for the calls."""


@torch.no_grad()
def draw(ensemble: Ensemble, state: State, n: int, bank: str) -> Tensor:
    """`n` samples of every seed, shape (S, n, *task.shape), always the same ones for the same bank."""
    chunks = [_chunk(ensemble, state, ensemble.generators(bank, i)) for i in range(-(-n // CHUNK))]
    return torch.cat(chunks, dim=1)[:, :n]


def _chunk(ensemble: Ensemble, state: State, sources: list[torch.Generator]) -> Tensor:
    model, task = ensemble.model, ensemble.task
    if isinstance(model, DirectSampler):
        noise = streams.draw(model.sample_noise(task, CHUNK), sources)
        return each(ensemble, state, lambda nets, z: model.sample(task, nets, z), noise)
    if isinstance(model, ChainSampler):
        return _run_chains(ensemble, state, model, sources)
    raise GenbenchError(f"{type(model).__name__} is neither a DirectSampler nor a ChainSampler; make it one")


def _run_chains(
    ensemble: Ensemble, state: State, model: ChainSampler, sources: list[torch.Generator]
) -> Tensor:
    task = ensemble.task
    noise = streams.draw(model.start_noise(task, CHUNK), sources)
    units = each(ensemble, state, lambda nets, z: model.start(task, nets, z), noise)
    units = swept(ensemble, state, model, units, model.sampling_sweeps, sources)
    noise = streams.draw(model.read_noise(task, CHUNK), sources)
    return each(ensemble, state, lambda nets, u, z: model.read(task, nets, u, z), units, noise)


def swept(
    ensemble: Ensemble,
    state: State,
    model: ChainSampler,
    units: Tensor,
    sweeps: int,
    sources: list[torch.Generator],
) -> Tensor:
    """The units (S, n, …) of every seed's chains after so many sweeps."""
    declared = model.sweep_noise(ensemble.task, units.shape[1])

    def some(nets: Nets, own: Tensor, noises: Sequence[Draws]) -> Tensor:
        for noise in noises:
            own = model.sweep(ensemble.task, nets, own, noise)
        return own

    for done in range(0, sweeps, TOGETHER):
        noises = [streams.draw(declared, sources) for _ in range(min(TOGETHER, sweeps - done))]
        units = each(ensemble, state, some, units, noises)
    return units


def each(ensemble: Ensemble, state: State, function: Callable[..., T], *inputs: Any) -> T:
    """Call function(nets, *inputs) for every seed, by the ensemble's backend; tensors come back stacked."""

    layouts = ensemble.layouts  # before vmap, since a net that is made draws its first weights

    def one(flats: Mapping[str, Tensor], buffers: Mapping[str, Tensor], *own: Any) -> T:
        nets: Nets = bind(layouts, flats, buffers)
        return function(nets, *own)

    if ensemble.backend == "batched":
        batched: T = vmap(one, chunk_size=ensemble.together)(state.players, state.buffers, *inputs)
        return batched
    rows = range(len(ensemble.seeds))
    results = [function(ensemble.nets(state, row), *tree_map(itemgetter(row), inputs)) for row in rows]
    stacked: T = tree_map(lambda *values: torch.stack(values), *results)
    return stacked
