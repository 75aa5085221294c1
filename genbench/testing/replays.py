"""Nets of one seed run again in double precision, on inputs of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from genbench.engine import streams
from genbench.engine.nets import bind
from genbench.models.capabilities import Encoder
from genbench.models.model import Model, Nets
from genbench.tasks.task import Task

if TYPE_CHECKING:
    from genbench.testing.game import Game

REPLAYED = 256
WOKEN = 2000
"""Latent points that may wake a unit."""


def replay(
    model: Game, task: Task, layouts: Mapping[str, Any], flats: Mapping[str, Tensor], real: Tensor
) -> dict[str, float]:
    """Gradients of one seed, replayed on 256 latent points of their own.

    ``pull`` is ‖∂L_G/∂θ‖ over what it would be if the critic scored every sample at its equilibrium, where
    all pull with equal weight; ``depth`` is the least ratio of root mean square gradients, first weight over
    last, of the two nets.
    """
    nets = bind(layouts, flats, {})
    latent = torch.randn(REPLAYED, model.latent, generator=torch.Generator().manual_seed(4)).double()
    images = task.kind == "images"
    fake = model.sampler(task).start.of(nets, {"z": latent}, task.asked(REPLAYED))
    scores = nets["critic"](2 * fake - 1 if images else fake)
    real_scores = nets["critic"](2 * real.view(-1, *task.shape) - 1 if images else real)
    loss = model.generator_loss(scores, lambda: real_scores)
    (own,) = torch.autograd.grad(loss, flats["generator"], retain_graph=True)
    (even,) = torch.autograd.grad(scores.mean(), flats["generator"], retain_graph=True)
    (critic,) = torch.autograd.grad(real_scores.mean() - scores.mean(), flats["critic"])
    level = 0.5 if model.loss == "least-squares" else 0.0
    balanced = torch.full((1,), level, dtype=torch.float64, requires_grad=True)
    (equilibrium,) = torch.autograd.grad(model.generator_loss(balanced, balanced.detach), balanced)
    depths = [_depth(layouts[n], g) for n, g in (("generator", own), ("critic", critic))]
    auc = float((real_scores[:, None] > scores).double().mean())
    return {
        "pull": float(own.norm() / (even.norm() * equilibrium.abs()).clamp_min(1e-300)),
        "gradient": float(own.square().mean().sqrt()),
        "depth": min(depths),
        "auc": auc,
    }


def _depth(layout: Any, gradient: Tensor) -> float:
    first, last = (gradient[where].square().mean().sqrt() for where in layout.layers)
    return float(first / last.clamp_min(1e-300))


def run_all(model: Model, task: Task, nets: Nets, real: Tensor) -> None:
    """Pass `WOKEN` samples, and fresh data (n, *task.shape), through every net that takes them."""
    source, start = torch.Generator().manual_seed(5), model.sampler(task).start
    drawn = streams.draw(start.noise, [source], (WOKEN,))
    x = start.of(nets, {name: z[0].double() for name, z in drawn.items()}, task.asked(WOKEN))
    if isinstance(model, Encoder):
        model.posterior(nets, real)
    if "critic" in nets:
        for seen in (x, real):
            nets["critic"](2 * seen - 1 if task.kind == "images" else seen)


@contextmanager
def waking(nets: Iterable[nn.Module]) -> Iterator[dict[nn.Module, Tensor]]:
    """Collects, by ReLU layer, which units were above zero for any input of any call, (units,)."""
    awake: dict[nn.Module, Tensor] = {}

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        new = (inputs[0] > 0).transpose(0, 1).flatten(1).any(1)
        awake[layer] = new | awake[layer] if layer in awake else new

    layers = [module for net in nets for module in net.modules() if isinstance(module, nn.ReLU)]
    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        yield awake
    finally:
        for handle in handles:
            handle.remove()


def dead_share(awake: Mapping[nn.Module, Tensor]) -> dict[str, float]:
    """``dead``: share of units that nothing woke, of the layer that has most; empty without ReLU."""
    shares = [1 - float(units.double().mean()) for units in awake.values()]
    return {"dead": max(shares)} if shares else {}
