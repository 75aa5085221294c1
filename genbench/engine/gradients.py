"""Gradients and rules for every seed: as one batched program, or one seed after the other.

A batched program differentiates one seed's objective under `vmap`, unless the update brings its gradient.

Both take tensors with the seeds in front and give (gradient (S, P) by player, finite aux); the loop is plain
autograd and the oracle for the batched path. On a CPU it is also the faster one for convolutions, which a
batched program turns into grouped convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.utils._pytree import tree_map

from genbench.engine.chance import seeded
from genbench.engine.nets import Layout, Net, bind
from genbench.models.model import Assign, Batch, Loss, Update, Values

Backend = Literal["batched", "loop"]
Tensors = Mapping[str, Tensor]
ModuleSeeds = tuple[int | None, ...]
"""Seeds of the random numbers that modules draw of their own, one a seed; None where they draw none."""

Gradient = Callable[[Tensors, Tensors, Tensors, Batch, ModuleSeeds], tuple[dict[str, Tensor], Loss]]
"""(players that move, all players, buffers, batch, module seeds) → (gradient by player, loss)."""

Assignment = Callable[[Tensors, Tensors, Batch, ModuleSeeds], Values]
"""(all players, buffers, batch, module seeds) → flat values by player (S, P)."""

Sharing = Callable[[Gradient], Gradient]
"""How a batch's gradient comes from several processes."""

Layouts = Mapping[str, Layout]


def gradient(update: Update, layouts: Layouts, backend: Backend, sharing: Sharing | None = None) -> Gradient:
    """The gradient of an update's objective for all seeds.

    Args:
        sharing: how the gradient comes from several processes; None for this one alone.
    """

    def objective(own: Tensors, flats: Tensors, buffers: Tensors, batch: Batch) -> tuple[Tensor, Loss]:
        nets = bind(layouts, {**flats, **own}, buffers)
        loss = update.objective(nets, batch)
        return loss.value, loss._replace(buffers={**_module_state(nets), **loss.buffers})

    if backend == "loop":
        alone = _looped(_differentiated(objective), update.whole)
    elif update.gradient is not None:
        alone = _closed_form(update, layouts)
    else:
        alone = _batched(grad(objective, has_aux=True), update.whole)
    return alone if sharing is None else sharing(alone)


def assignment(assign: Assign, layouts: Layouts, backend: Backend) -> Assignment:
    """The values that a rule gives all seeds; none of them carries a gradient."""

    def rule(flats: Tensors, buffers: Tensors, batch: Batch) -> Values:
        nets = bind(layouts, flats, buffers)
        found = assign.rule(nets, batch)
        values = {name: _flat(layouts[name], found.values[name]) for name in assign.players}
        return found._replace(values=values, buffers={**_module_state(nets), **found.buffers})

    every = (_looped if backend == "loop" else _batched)(rule, assign.whole)
    return torch.no_grad()(every)


def of_seed(batch: Batch, seed: int, whole: bool) -> Batch:
    """What one seed sees of a batch whose seeds lie in front, but for data that all of them share."""
    x, c = (batch.x, batch.c) if whole else (batch.x[seed], batch.c[seed])
    return Batch(x, c, {name: drawn[seed] for name, drawn in batch.noise.items()}, batch.progress)


def _module_state(nets: Mapping[str, Net]) -> dict[str, Tensor]:
    """What forward passes have left of the nets' own buffers, by ``"net.buffer"``."""
    return {f"{name}.{path}": t for name, net in nets.items() for path, t in net.module_state.items()}


def _flat(layout: Layout, values: Tensor | Tensors) -> Tensor:
    return values if isinstance(values, Tensor) else layout.join(values)


def _batched(function: Callable[..., Any], whole: bool) -> Callable[..., Any]:
    """One program for all seeds, of a function of mappings with seeds in front and of a batch."""

    def every(*given: Any) -> Any:
        *mappings, batch, _ = given

        def one(noise: Tensors, x: Tensor, c: Tensor, *own: Tensors) -> Any:
            return function(*own, Batch(x, c, noise, batch.progress))

        # What all seeds share is closed over: telling `vmap` so, tensor by tensor, would take it longer.
        if whole:
            return vmap(lambda noise, *own: one(noise, batch.x, batch.c, *own))(batch.noise, *mappings)
        return vmap(one)(batch.noise, batch.x, batch.c, *mappings)

    return every


def _closed_form(update: Update, layouts: Layouts) -> Gradient:
    assert update.gradient is not None
    closed = update.gradient

    def every(
        own: Tensors, flats: Tensors, buffers: Tensors, batch: Batch, module_seeds: ModuleSeeds
    ) -> tuple[dict[str, Tensor], Loss]:
        with torch.no_grad():
            found, loss = closed(bind(layouts, {**flats, **own}, buffers), batch)
            return {player: layouts[player].join(parts, lead=1) for player, parts in found.items()}, loss

    return every


def _differentiated(objective: Callable[..., tuple[Tensor, Loss]]) -> Callable[..., Any]:
    """The gradient of one seed's objective by plain autograd."""

    def one(own: Tensors, *rest: Any) -> tuple[dict[str, Tensor], Loss]:
        leaves = {player: flat.detach().requires_grad_() for player, flat in own.items()}
        value, loss = objective(leaves, *rest)
        found = torch.autograd.grad(value, list(leaves.values()), materialize_grads=True)
        return dict(zip(leaves, found, strict=True)), tree_map(torch.detach, loss)

    return one


def _looped(one: Callable[..., Any], whole: bool) -> Callable[..., Any]:
    """One seed after the other, of a function of mappings with seeds in front and of a batch."""

    def every(*given: Any) -> Any:
        *mappings, batch, module_seeds = given
        results = []
        for s, module_seed in enumerate(module_seeds):
            # Copies, since a product's rounding may depend on where its factors begin in memory.
            own = ({name: t[s].clone() for name, t in mapping.items()} for mapping in mappings)
            with seeded(module_seed, batch.x.device):
                results.append(one(*own, of_seed(batch, s, whole)))
        return tree_map(lambda *parts: torch.stack(parts), *results)

    return every
