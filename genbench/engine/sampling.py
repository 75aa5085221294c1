"""Drawing samples from an ensemble: one pass, or Markov chains, in chunks of a fixed size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.func import vmap
from torch.utils._pytree import tree_map

from genbench.engine import streams
from genbench.engine.ensemble import Ensemble, State
from genbench.engine.nets import bind
from genbench.models.model import ChainSampler, DirectSampler, Nets
from genbench.types import GenbenchError

T = TypeVar("T")

CHUNK = 500
"""Samples drawn at once; part of the protocol, since batch norm ties the samples of a chunk together."""


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
    declared = model.sweep_noise(task, CHUNK)
    for _ in range(model.sampling_sweeps):
        noise = streams.draw(declared, sources)
        units = each(ensemble, state, lambda nets, u, z: model.sweep(task, nets, u, z), units, noise)
    noise = streams.draw(model.read_noise(task, CHUNK), sources)
    return each(ensemble, state, lambda nets, u, z: model.read(task, nets, u, z), units, noise)


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
    results = [function(ensemble.nets(state, row), *_row(inputs, row)) for row in rows]
    stacked: T = tree_map(lambda *values: torch.stack(values), *results)
    return stacked


def _row(inputs: tuple[Any, ...], row: int) -> list[Any]:
    return [{k: v[row] for k, v in i.items()} if isinstance(i, dict) else i[row] for i in inputs]
