"""T9: an invertible generator has a density, by the determinant of its Jacobian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import jacrev, vmap

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.engine.trained import Trained
from genbench.models.model import Batch, Draw, Loss, Model, Nets, Noise, Phase, Sampler, Update
from genbench.nn.coupling import Couplings
from genbench.ops.optim import adam
from genbench.registry import claims
from genbench.tasks.planar import swissroll
from genbench.tasks.task import Task

CELLS = 24
"""Cells a side in which samples are counted."""

POINTS = 200
"""Points at which the determinant is compared with automatic differentiation."""

EXACT = 1e-8


@claims.register("T9")
def change_of_variables() -> Claim:
    """An invertible g gives a density by the Jacobian determinant."""
    return Claim(
        id="T9",
        slug="change-of-variables",
        statement="A generator that is invertible and differentiable has an exact density: that of the "
        "latent point, divided by the Jacobian's determinant.",
        sources=(Source("L4", "Generating samples"),),
        hypothesis="For a small invertible map of six affine couplings, trained by maximum likelihood on "
        "the swiss roll, the density so computed integrates to one, and its integral over cells is the "
        "share of the map's own samples there.",
        test="By seed: integral over the plane within [.99, 1.01] (two one-sided t-tests); total variation "
        "between cells' shares of 10⁵ samples and the density's integral over them, mean below .05 "
        "(t-test); and over all seeds the share of points where the couplings' log-determinant is within "
        "1e-8 of automatic differentiation's, above .95 (binomial test). All three must hold.",
        lesson="This is the formula that flows are built on, and the reason for their odd architecture: "
        "couplings are chosen because their Jacobian is triangular. The slide adds that g is usually not "
        "learnt by minimising −log p(x) directly; for a map like this one can, and here it was.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=150, size=200),
        full=Budget(seeds=16, steps=1500, size=400),
        judge=judge,
        figure=figure,
        examples=examples,
    )


@dataclass(frozen=True)
class MaximumLikelihood(Model):
    """Couplings that descend −log p(x)."""

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"flow": Couplings()}

    def phases(self, task: Task) -> Sequence[Phase]:
        """Two stretches with a falling rate."""

        def objective(nets: Nets, batch: Batch) -> Loss:
            return Loss(-nets["flow"].log_density(batch.x).mean())

        return [Phase([Update(objective, {"flow": adam(rate)})]) for rate in (3e-3, 5e-4)]

    def sampler(self, task: Task) -> Sampler:
        noise = {"z": Noise("normal", task.shape)}
        return Sampler(Draw(noise, lambda nets, drawn, c: nets["flow"].inverse(drawn["z"])))


def measure(budget: Budget) -> pd.DataFrame:
    """A row a seed: integral, variation, exact (share of points), held_out (mean log-density, nats).

    `size` is the number of ticks a side of the quadrature, and is rounded to whole cells.
    """
    task = swissroll()
    trained = Trained.of(MaximumLikelihood(), task, budget.seeds, budget.steps, batch=256)
    flows = [trained.module("flow", seed).double() for seed in range(budget.seeds)]
    return pd.DataFrame([_checked(flow, task, seed, budget.size) for seed, flow in enumerate(flows)])


def judge(frame: pd.DataFrame) -> Judgement:
    """Integral, samples against density, and determinants."""
    hits = np.repeat(
        [True, False], [round(POINTS * frame["exact"].sum()), round(POINTS * (1 - frame["exact"]).sum())]
    )
    return decisions.all_of(
        decisions.within(frame["integral"], 0.99, 1.01, "integral of the density"),
        decisions.mean(frame["variation"], "below", 0.05, "total variation, samples against density"),
        decisions.share(hits, "above", 0.95, "share of points with the exact determinant", seeds=len(frame)),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Integral and total variation by seed."""
    drawn, (left, right) = drawing.panels(2)
    drawing.dots(left, frame.assign(group="density"), "group", "integral")
    drawing.reference(left, 1.0, "1")
    left.set(ylabel="integral over the plane", ylim=(0.97, 1.03))
    drawing.dots(right, frame.assign(group="samples against density"), "group", "variation")
    drawing.reference(right, 0.05, "threshold")
    right.set(ylabel="total variation over cells", ylim=(0, None))
    return drawn


def examples() -> Examples:
    """A density, one without the determinant, and one that is noisy."""
    rng = np.random.default_rng(0)

    def made(integral: float, spread: float, exact: float) -> pd.DataFrame:
        frame = pd.DataFrame({"seed": range(16), "integral": integral + spread * rng.standard_normal(16)})
        return frame.assign(variation=0.02 + 0.001 * rng.random(16), exact=exact, held_out=-1.0)

    return {
        "supported": made(1.0, 0.001, 1.0),
        "refuted": made(1.7, 0.1, 0.0),
        "inconclusive": made(1.0, 0.05, 1.0),
    }


@torch.no_grad()
def _checked(flow: Couplings, task: Task, seed: int, size: int) -> dict[str, float]:
    source = torch.Generator().manual_seed(seed)
    samples = flow.inverse(torch.randn(100_000, 2, generator=source, dtype=torch.float64))
    window = 1.25 * float(task.train.abs().max())
    shares, integral = _cells(flow, window, max(1, size // CELLS))
    inside = samples[samples.abs().max(1).values < window]
    places = ((inside + window) / (2 * window) * CELLS).long()
    counts = torch.bincount(places[:, 0] * CELLS + places[:, 1], minlength=CELLS**2)
    missed = 1 - len(inside) / len(samples)
    z = torch.randn(POINTS, 2, generator=source, dtype=torch.float64)
    slope = vmap(jacrev(lambda point: flow.inverse(point[None])[0]))(z)
    off = (torch.linalg.slogdet(slope)[1] + flow(flow.inverse(z))[1]).abs()
    return {
        "seed": seed,
        "integral": integral + missed,
        "variation": float((counts / len(samples) - shares.flatten()).abs().sum()) / 2,
        "exact": float((off <= EXACT).double().mean()),
        "held_out": float(flow.log_density(task.held_out.double()).mean()),
    }


def _cells(flow: Couplings, window: float, fine: int) -> tuple[Tensor, float]:
    """The density's integral over each cell of a square, by the midpoint rule, and over all of it."""
    count = CELLS * fine
    ticks = (torch.arange(count, dtype=torch.float64) + 0.5) / count * 2 * window - window
    values = [flow.log_density(part).exp() for part in torch.cartesian_prod(ticks, ticks).split(50_000)]
    shares = torch.cat(values).view(CELLS, fine, CELLS, fine).sum((1, 3)) * (2 * window / count) ** 2
    return shares, float(shares.sum())
