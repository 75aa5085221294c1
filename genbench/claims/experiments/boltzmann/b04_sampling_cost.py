"""B4: models that need a Markov chain are slow to draw from."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.binary_digits import binary_digits
from genbench.engine.trained import Trained
from genbench.models.dbn import rbm
from genbench.models.gans import gan
from genbench.ops.belief import gibbs_sweep
from genbench.ops.partition import RbmParameters
from genbench.registry import claims

HIDDEN = WIDTH = 128
CHAINS = 64
BURN_IN = 500
TIMES = 5
"""Timings of which the fastest counts."""


@claims.register("B4")
def sampling_does_not_scale() -> Claim:
    """Models that need sampling chains are slow to draw from."""
    return Claim(
        id="B4",
        slug="sampling-does-not-scale",
        statement="Models that draw samples by running a Markov chain are slow: an independent sample "
        "costs many steps, where a generator needs one pass.",
        sources=(Source("L0", "Contemporary Modeling"), Source("L4", "Why do generative modelling?")),
        hypothesis="On binary digits an effectively independent sample of a trained restricted Boltzmann "
        "machine takes at least ten times the processor time of a sample of a generator with as many "
        "hidden units.",
        test="By seed: log₁₀ of the ratio of processor times, machine over generator, mean above 1 "
        "(t-test). The time of an independent sample is that of a Gibbs sweep times twice the integrated "
        "autocorrelation time, of the slowest of three projections of the picture.",
        lesson="A single Gibbs sweep costs little more than a pass through a generator. What makes the "
        "chain expensive is its memory: the next state is nearly the last one. The figure shows both "
        "factors apart.",
        evidence=Experiment(measure),
        fast=Budget(seeds=8, steps=400, size=1500),
        full=Budget(seeds=8, steps=3000, size=6000),
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a seed: sweeps (an independent sample's), sweep and draw (seconds); `size` is the sweeps."""
    task = binary_digits()
    machines = Trained.of(rbm(hidden=HIDDEN), task, budget.seeds, budget.steps, batch=64)
    players = Trained.of(
        gan(width=WIDTH, depth=1), task, budget.seeds, 1, batch=64
    )  # its speed needs no training
    along = torch.pca_lowrank(task.train.flatten(1), q=3)[2]
    model: Any = machines.ensemble.model
    rows = []
    for seed in range(budget.seeds):
        machine: RbmParameters = model.rbm_layers(machines.nets[seed])[0]
        sweeps, state = _independence(machine, along, budget.size, seed)
        source = torch.Generator().manual_seed(seed)
        generator, z = players.nets[seed]["generator"], torch.randn(CHAINS, 64, generator=source)
        sweep = _seconds(partial(gibbs_sweep, machine, state, source))
        draw = _seconds(partial(generator, z))
        rows.append((seed, sweeps, sweep / CHAINS, draw / CHAINS))
    return pd.DataFrame(rows, columns=["seed", "sweeps", "sweep", "draw"])


def judge(frame: pd.DataFrame) -> Judgement:
    """How many times as expensive an independent sample of the chain is."""
    ratio = np.log10(frame["sweeps"] * frame["sweep"] / frame["draw"])
    return decisions.mean(ratio, "above", 1.0, "log₁₀ of processor time, chain ÷ generator")


def figure(frame: pd.DataFrame) -> Figure:
    """Cost of a sweep against that of a pass, and how many sweeps make an independent sample."""
    drawn, (left, right) = drawing.panels(2)
    each = frame.rename(columns={"sweep": "Gibbs sweep", "draw": "generator"})
    drawing.dots(left, each.melt("seed", ["Gibbs sweep", "generator"]), "variable", "value")
    left.set(yscale="log", ylabel="seconds a sample, one thread")
    drawing.dots(right, frame.assign(group="machine"), "group", "sweeps")
    right.set(ylabel="sweeps an independent sample", ylim=(0, None))
    return drawn


def examples() -> Examples:
    """A slow chain, a fast one, and one about the threshold."""
    rng = np.random.default_rng(0)

    def made(sweeps: float) -> pd.DataFrame:
        frame = pd.DataFrame({"seed": range(8), "sweeps": sweeps * rng.uniform(0.7, 1.4, 8)})
        return frame.assign(sweep=2e-6, draw=1e-6)

    return {"supported": made(300.0), "refuted": made(1.0), "inconclusive": made(5.0)}


def autocorrelation_time(x: NDArray[np.float64]) -> float:
    """Integrated autocorrelation time 1 + 2 Σ ρ_t of chains, shape (steps, chains), in steps.

    The sum ends at the first lag that is at least five times the time so far (Sokal 1997), all chains centred
    at their common mean.
    """
    n = len(x)
    centred = x - x.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * n, axis=0)) ** 2
    covariance = np.fft.irfft(spectrum, axis=0)[:n].mean(1) / np.arange(n, 0, -1)
    times = 2 * np.cumsum(covariance / covariance[0]) - 1
    settled = np.flatnonzero(np.arange(n) >= 5 * times)
    return float(times[settled[0] if len(settled) else -1])


@torch.no_grad()
def _independence(
    machine: RbmParameters, along: torch.Tensor, sweeps: int, seed: int
) -> tuple[float, torch.Tensor]:
    """Sweeps that an effectively independent sample takes, and the chains' last state."""
    source = torch.Generator().manual_seed(seed)
    v = torch.bernoulli(torch.full((CHAINS, machine.weight.shape[0]), 0.5), generator=source)
    seen = []
    for sweep in range(BURN_IN + sweeps):
        v = gibbs_sweep(machine, v, source)
        if sweep >= BURN_IN:
            seen.append(v @ along)
    values = torch.stack(seen).double().numpy()
    return max(autocorrelation_time(values[:, :, each]) for each in range(values.shape[2])), v


@torch.no_grad()
def _seconds(work: Callable[[], object], repeats: int = 100) -> float:
    """Processor time of one call, the fastest of some rounds."""
    best = float("inf")
    for _ in range(TIMES):
        started = time.process_time()
        for _ in range(repeats):
            work()
        best = min(best, (time.process_time() - started) / repeats)
    return best
