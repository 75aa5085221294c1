"""Gradients of one update for every seed: as one batched program, or one seed after the other.

A batched program differentiates the loss of one seed under `vmap`, unless the update brings its gradient.

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
    sharing: Sharing | None = None,
) -> Gradient:
    """Function (player, all flats, buffers, x, noise) → (gradient, loss), all with seeds in front.

    Args:
        sharing: how the gradient comes from several processes; None for this one alone.
    """

    def loss_of(
        flat: Tensor, flats: Tensors, buffers: Tensors, x: Tensor, noise: Tensors
    ) -> tuple[Tensor, Loss]:
        loss = update.loss(bind(layouts, {**flats, update.player: flat}, buffers), x, noise)
        return loss.value, loss

    if backend == "loop":
        own = _looped(loss_of)
    elif update.gradient is not None:
        own = _closed_form(update, layouts)
    else:
        own = vmap(grad(loss_of, has_aux=True))
    return own if sharing is None else sharing(own)


def _closed_form(update: Update, layouts: Mapping[str, Layout]) -> Gradient:
    assert update.gradient is not None
    closed, layout = update.gradient, layouts[update.player]

    def every(
        player: Tensor, players: Tensors, buffers: Tensors, x: Tensor, noise: Tensors
    ) -> tuple[Tensor, Loss]:
        with torch.no_grad():
            slopes, loss = closed(bind(layouts, {**players, update.player: player}, buffers), x, noise)
            return layout.join(slopes), loss

    return every


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
