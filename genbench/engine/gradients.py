"""Gradients of one update for every seed: as one batched program, or one seed after the other.

Both take tensors with the seeds in front and give (gradient (S, P), finite aux); the loop is plain autograd
and the oracle for the batched path. On a CPU it is also the faster one for convolutions, which a batched
program turns into grouped convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.utils._pytree import tree_map

from genbench.engine.nets import Layout, bind
from genbench.models.model import Loss, Update

Backend = Literal["batched", "loop"]
Tensors = Mapping[str, Tensor]
Gradient = Callable[[Tensor, Tensors, Tensors, Tensor, Tensors], tuple[Tensor, Loss]]
Sharing = Callable[[Gradient], Gradient]
"""How a batch's gradient comes from several processes."""


def gradient(
    update: Update,
    layouts: Mapping[str, Layout],
    backend: Backend,
    together: int | None = None,
    sharing: Sharing | None = None,
) -> Gradient:
    """Function (player, all flats, buffers, x, noise) → (gradient, loss), all with seeds in front.

    Args:
        together: seeds that a batched program holds at once, where memory is short; None means all.
        sharing: how the gradient comes from several processes; None for this one alone.
    """

    def loss_of(
        flat: Tensor, flats: Tensors, buffers: Tensors, x: Tensor, noise: Tensors
    ) -> tuple[Tensor, Loss]:
        loss = update.loss(bind(layouts, {**flats, update.player: flat}, buffers), x, noise)
        return loss.value, loss

    batched = backend == "batched"
    own = vmap(grad(loss_of, has_aux=True), chunk_size=together) if batched else _looped(loss_of)
    return own if sharing is None else sharing(own)


def _looped(loss_of: Callable[..., tuple[Tensor, Loss]]) -> Gradient:
    def one(flat: Tensor, *rest: object) -> tuple[Tensor, Loss]:
        flat = flat.detach().requires_grad_()
        value, loss = loss_of(flat, *rest)
        (slope,) = torch.autograd.grad(value, flat)
        return slope, tree_map(torch.detach, loss)

    def every(*stacked: object) -> tuple[Tensor, Loss]:
        seeds = len(stacked[0])  # type: ignore[arg-type]
        results = [one(*tree_map(lambda t, s=s: t[s], stacked)) for s in range(seeds)]
        stacked_results: tuple[Tensor, Loss] = tree_map(lambda *parts: torch.stack(parts), *results)
        return stacked_results

    return every
