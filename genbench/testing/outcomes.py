"""What became of a run, measured with what detectors do not see.

True modes and fresh draws of the truth (for digits their classes), and gradients replayed in double precision
on samples of their own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor

from genbench.engine.ensemble import Ensemble
from genbench.engine.nets import bind
from genbench.engine.sampling import draw
from genbench.engine.state import State
from genbench.models.capabilities import EnergyModel, MarkovChain
from genbench.models.vae import Vae
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture
from genbench.testing import symptoms
from genbench.testing.mixing import long_chains, relaxation
from genbench.testing.replays import REPLAYED, dead_share, replay, run_all, waking

if TYPE_CHECKING:
    from genbench.testing.game import Game

SAMPLES = 2000
LATE = 0.85
"""Share of a run after which long chains are run."""
FEW = 256
"""Training examples up to which copying them is measured."""
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
        mixing = self._mixing(ensemble, state)
        rows: Rows = []
        for row, lives in enumerate(state.alive.tolist()):
            if lives:
                found = self._samples(bank[row]) | self._replay(ensemble, state, row)
                found |= self._dead(ensemble, state, row) | mixing[row]
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
            "fit": self._fit(flat, self._fresh),
            **self._copies(flat),
            **(symptoms.grid(x) if self.task.kind == "images" else {}),
        }

    def _copies(self, x: Tensor) -> dict[str, float]:
        train = self.task.train.flatten(1)
        return symptoms.copies(x, train, self._fresh) if len(train) <= FEW else {}

    def _fit(self, x: Tensor, y: Tensor) -> float:
        """Sliced Wasserstein-1 distance along differences of fresh draws, in standard deviations of these.

        Along random directions all images look alike; along such they do not.
        """
        n = min(len(x), len(y))
        ours, theirs = (_sorted(points[:n] @ self._contrasts) for points in (x, y))
        return float(((ours - theirs).abs().mean(1) / (self._fresh @ self._contrasts).std(0)).mean())

    def _sliced(self, x: Tensor) -> float:
        """Sliced Wasserstein-1 distance to fresh draws of the truth, in units of the data's radius."""
        n = min(len(x), len(self._fresh))
        ours, theirs = (_sorted(points[:n] @ self._directions) for points in (x, self._fresh))
        return float((ours - theirs).abs().mean() / self._scale)

    def _replay(self, ensemble: Ensemble, state: State, row: int) -> dict[str, float]:
        """How much of the critic's slope reaches the generator's weights, in double precision."""
        model = ensemble.model
        if isinstance(model, Vae):
            return self._explained(ensemble, state, row, model)
        if not hasattr(model, "generator_loss"):
            return {}
        flats = {n: f[row].double().requires_grad_() for n, f in state.players.items()}
        real = self._fresh[:REPLAYED].double()
        return replay(cast("Game", model), self.task, ensemble.layouts, flats, real)

    def _dead(self, ensemble: Ensemble, state: State, row: int) -> dict[str, float]:
        """Share of rectified units that neither samples nor fresh data wake, in double precision."""
        if ensemble.model.sampler(ensemble.task).steps:
            return {}
        nets = bind(ensemble.layouts, {n: f[row].double() for n, f in state.players.items()}, {})
        real = self._fresh.view(-1, *self.task.shape).double()
        with waking(layout.shell for layout in ensemble.layouts.values()) as awake, torch.no_grad():
            run_all(ensemble.model, self.task, nets, real)
        return dead_share(awake)

    def _mixing(self, ensemble: Ensemble, state: State) -> list[dict[str, float]]:
        """``apart``, how far long chains from noise and from data are, and ``tau`` of small machines."""
        model, seeds = ensemble.model, range(len(ensemble.seeds))
        if not isinstance(model, MarkovChain) or state.step < LATE * ensemble.steps:
            return [{} for _ in seeds]
        ends = zip(*long_chains(ensemble, state, model), strict=True)
        found = [{"apart": self._fit(cold.flatten(1), warm.flatten(1))} for cold, warm in ends]
        if isinstance(model, EnergyModel):
            taus = (relaxation(model.rbm_layers(ensemble.nets(state, row))[-1]) for row in seeds)
            found = [f if tau is None else f | {"tau": tau} for f, tau in zip(found, taus, strict=True)]
        return found

    def _explained(self, ensemble: Ensemble, state: State, row: int, model: Vae) -> dict[str, float]:
        """Share of the variance of fresh data that their codes explain."""
        nets, x = ensemble.nets(state, row), self._fresh.view(-1, *self.task.shape)
        with torch.no_grad():
            mean, log_variance = model.posterior(nets, x)
            error = (x - model.decoded(self.task, nets, mean)).square().sum()
        explained = float(1 - error / (x - x.mean(0)).square().sum())
        return {"explained": explained, **symptoms.code(self.task, mean, log_variance)}

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

    @cached_property
    def _contrasts(self) -> Tensor:
        order = torch.randperm(len(self._fresh), generator=torch.Generator().manual_seed(6))[:128]
        differences = self._fresh[order[:64]] - self._fresh[order[64:]]
        lengths = differences.norm(dim=1, keepdim=True)
        apart = lengths.squeeze(1) > 0  # draws of few pixels may be the same
        return (differences[apart] / lengths[apart]).T


def _sorted(points: Tensor) -> Tensor:
    """Each column of (n, m) in order, (m, n); numpy sorts single precision thirty times as fast."""
    return torch.from_numpy(np.sort(points.T.contiguous().numpy(), axis=1))
