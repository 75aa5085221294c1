"""What became of a run, measured with what detectors do not see.

True modes and fresh draws of the truth (for digits their classes), and gradients replayed in double precision
on samples of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from genbench.engine.ensemble import Ensemble, State
from genbench.engine.nets import bind
from genbench.engine.sampling import draw
from genbench.models.model import DirectSampler
from genbench.models.vae import Vae
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture

if TYPE_CHECKING:
    from genbench.testing.faults import Game

SAMPLES = 2000
REPLAYED = 256
HELD = 0.25
"""A mode is lost if it gets less than this part of its due."""

Rows = list[tuple[int, int, str, float]]


class Outcomes:
    """Measures the true state of every seed of an ensemble on one task."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def measure(self, ensemble: Ensemble, state: State) -> Rows:
        """Rows (seed, step, quantity, value) of every seed that lives."""
        bank = draw(ensemble, state, SAMPLES, "outcome")
        rows: Rows = []
        for row, lives in enumerate(state.alive.tolist()):
            if lives:
                found = {**self._samples(bank[row]), **self._replay(ensemble, state, row)}
                rows += [(ensemble.seeds[row], state.step, name, value) for name, value in found.items()]
        return rows

    def _samples(self, x: Tensor) -> dict[str, float]:
        flat = x.flatten(1)
        if not bool(flat.isfinite().all()):
            return {}
        distance, nearest = torch.cdist(flat, self._points).min(1)
        near = distance <= self._radius
        held = torch.bincount(self._labels[nearest[near]], minlength=len(self._weights))
        held = held / held.sum().clamp_min(1)  # of the samples that belong to any mode at all
        lost = self._weights[held < HELD * self._weights].sum()
        center = flat.mean(0)
        return {
            "lost": float(lost),
            "near": float(near.float().mean()),
            "wasserstein": self._sliced(flat),
            **{f"center_{i}": float(c / self._scale) for i, c in enumerate(center[:4])},
        }

    def _sliced(self, x: Tensor) -> float:
        """Sliced Wasserstein-1 distance to fresh draws of the truth, in units of the data's radius."""
        n = min(len(x), len(self._fresh))
        ours, theirs = (points[:n] @ self._directions for points in (x, self._fresh))
        return float((ours.sort(0).values - theirs.sort(0).values).abs().mean() / self._scale)

    def _replay(self, ensemble: Ensemble, state: State, row: int) -> dict[str, float]:
        """How much of the critic's slope reaches the generator's weights, in double precision."""
        model = ensemble.model
        if isinstance(model, Vae):
            return self._explained(ensemble, state, row, model)
        if not hasattr(model, "generator_loss"):
            return {}
        flats = {n: f[row].double().requires_grad_() for n, f in state.players.items()}
        return replay(
            cast("Game", model), self.task, ensemble.layouts, flats, self._fresh[:REPLAYED].double()
        )

    def _explained(self, ensemble: Ensemble, state: State, row: int, model: Vae) -> dict[str, float]:
        """Share of the variance of fresh data that their codes explain."""
        nets, x = ensemble.nets(state, row), self._fresh.view(-1, *self.task.shape)
        with torch.no_grad():
            mean, _ = model.posterior(nets, x)
            error = (x - model.decoded(self.task, nets, mean)).square().sum()
        return {"explained": float(1 - error / (x - x.mean(0)).square().sum())}

    @cached_property
    def _points(self) -> Tensor:
        truth = self.task.truth
        return truth.centers if isinstance(truth, Mixture) else self.task.train.flatten(1)

    @cached_property
    def _labels(self) -> Tensor:
        labels = self.task.train_labels
        return torch.arange(len(self._points)) if labels is None else labels

    @cached_property
    def _weights(self) -> Tensor:
        truth = self.task.truth
        if isinstance(truth, Mixture):
            return truth.weights
        return torch.bincount(self._labels) / len(self._labels)

    @cached_property
    def _radius(self) -> float:
        """Three tenths of the way to the nearest other mode; for digits as near as 99 of 100 real ones."""
        if isinstance(self.task.truth, Mixture):
            apart = torch.cdist(self._points, self._points).fill_diagonal_(torch.inf).min()
            return max(0.3 * float(apart), 5 * (self.task.truth.sigma or 0.0))
        own = torch.cdist(self.task.held_out.flatten(1), self._points).min(1).values
        return float(own.quantile(0.99))

    @cached_property
    def _fresh(self) -> Tensor:
        if self.task.truth is None:
            return self.task.held_out.flatten(1)
        return self.task.truth.draw(SAMPLES, torch.Generator().manual_seed(2))

    @cached_property
    def _directions(self) -> Tensor:
        directions = torch.randn(self.task.dim, 64, generator=torch.Generator().manual_seed(3))
        return directions / directions.norm(dim=0)

    @cached_property
    def _scale(self) -> float:
        return float(self._fresh.var(0).sum().sqrt())


def replay(
    model: Game, task: Task, layouts: Mapping[str, Any], flats: Mapping[str, Tensor], real: Tensor
) -> dict[str, float]:
    """Gradients of one seed, replayed on 256 latent points of their own.

    ``pull`` is ‖∂L_G/∂θ‖ over what it would be if the critic scored every sample at its equilibrium, where
    all pull with equal weight; ``depth`` is the least ratio of root mean square gradients, first weight over
    last, of the two nets.
    """
    assert isinstance(model, DirectSampler)
    nets = bind(layouts, flats, {})
    latent = torch.randn(REPLAYED, model.latent, generator=torch.Generator().manual_seed(4)).double()
    images = task.kind == "images"
    fake = model.sample(task, nets, {"z": latent})
    scores = nets["critic"](2 * fake - 1 if images else fake)
    real_scores = nets["critic"](2 * real.view(-1, *task.shape) - 1 if images else real)
    (own,) = torch.autograd.grad(model.generator_loss(scores), flats["generator"], retain_graph=True)
    (even,) = torch.autograd.grad(scores.mean(), flats["generator"], retain_graph=True)
    (critic,) = torch.autograd.grad(real_scores.mean() - scores.mean(), flats["critic"])
    balanced = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    level = 0.5 if model.loss == "least-squares" else 0.0
    (equilibrium,) = torch.autograd.grad(model.generator_loss(balanced + level), balanced)
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
