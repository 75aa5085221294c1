"""The rows of docs/performance.md, measured: ``python -m perf.targets ROW [--threads 2] [--memory]``.

Both sides take turns in one process. With one thread processor time counts, with several wall time. For
memory each side has a process of its own, once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import torch
from torch.nn.functional import pad

from genbench.engine.ensemble import Ensemble
from genbench.kernels import ais
from genbench.kernels.products import full_width
from genbench.registry import models, tasks
from genbench.tasks.task import Task

from . import baselines, kernels
from .timing import Work, alternated, seconds

Pair = tuple[Work, Work, float]
"""Our work, theirs, and how many units of theirs one of ours does."""


def game(
    name: str, width: int, batch: int, seeds: int, compiled: bool, precision: str, steps: int = 16
) -> Pair:
    """A GAN on ring8: a stretch of steps of all seeds against a step of one seed in plain PyTorch."""
    task, model = tasks["ring8"].create(), models[name].create(latent=2, width=width)
    theirs = {"gan": baselines.gan_step, "wgan-gp": baselines.wgan_gp_step}[name](model, task, batch)
    runs = Ensemble(model, task, tuple(range(seeds)), 10**6, batch)
    return trained(runs, compiled, precision, steps), theirs, steps * seeds


def trained(runs: Ensemble, compiled: bool, precision: Any, steps: int = 4) -> Work:
    runs = replace(runs, compiled=compiled, precision=precision)
    state = runs.initial()
    return lambda: runs.advance(state, state.step + steps).read()


def vae(seeds: int, compiled: bool, precision: str) -> Pair:
    """784–400–20, batch 64."""
    task, model = tasks["mnist"].create(), models["vae"].create()
    runs = Ensemble(model, task, tuple(range(seeds)), 10**6, 64)
    return trained(runs, compiled, precision), baselines.vae_step(model, task, 64), 4 * seeds


def dcgan(step: Callable[..., Work], compiled: bool, precision: str) -> Pair:
    """MNIST padded to 32 × 32, width 64, batch 64, one seed."""
    task = tasks["mnist"].create()
    padded: Task = replace(task, train=pad(task.train[:8192], (2, 2, 2, 2)))
    model = models["dcgan"].create()
    runs = Ensemble(model, padded, (0,), 10**6, 64, "loop")
    return trained(runs, False, precision), step(model, padded, 64), 4


def rbm(double: bool, compiled: bool, precision: str) -> Pair:
    """784 × 500, CD-1, batch 100: 400 examples of ours, 2,000 of theirs in either precision."""
    task = tasks["mnist"].create()
    runs = Ensemble(models["rbm"].create(hidden=500), task, (0,), 10**6, 100)
    theirs = baselines.sklearn_rbm(500, task, 100, 2000, double)
    return trained(runs, compiled, precision), theirs, 400 / 2000


def annealing(compiled: bool, precision: str) -> Pair:
    """784 × 500, 100 chains, 100 temperatures, against the bare products: ours is slower, so below 1."""
    path, start = kernels.machine(784, 500), kernels.normal(100, 784, seed=1).sign().clamp(min=0)
    betas = torch.linspace(0, 1, 101).tolist()
    hidden = torch.zeros(100, 500)

    def products() -> None:
        with full_width(hidden.device):
            for _ in betas[1:]:
                torch.mm(start, path.weight, out=hidden)
                hidden @ path.weight.t()

    return lambda: ais.anneal(path, betas, start, torch.Generator().manual_seed(0)), products, 1


def against(pair: Callable[..., tuple[Work, Work]], *sizes: int) -> Callable[[bool, str], Pair]:
    return lambda compiled, precision: (*pair(*sizes), 1)


ROWS: dict[str, Callable[[bool, Any], Pair]] = {
    "gan-128": lambda c, p: game("gan", 128, 256, 16, c, p),
    "gan-64": lambda c, p: game("gan", 64, 128, 16, c, p),
    "gan-32": lambda c, p: game("gan", 32, 64, 64, c, p),
    "gan-32-long": lambda c, p: game("gan", 32, 64, 64, c, p, 64),
    "wgan-gp-128": lambda c, p: game("wgan-gp", 128, 256, 16, c, p),
    "vae": lambda c, p: vae(1, c, p),
    "vae-8": lambda c, p: vae(8, c, p),
    "dcgan": lambda c, p: dcgan(baselines.gan_step, c, p),
    "dcgan-loader": lambda c, p: dcgan(baselines.through_loader, c, p),
    "rbm": lambda c, p: rbm(False, c, p),
    "rbm-double": lambda c, p: rbm(True, c, p),
    "annealing": annealing,
    "frechet-1024": against(kernels.frechet_pair, 1024),
    "frechet-2048": against(kernels.frechet_pair, 2048),
    "frechet-few": against(kernels.frechet_few_pair, 1000, 2048),
    "prdc-2000": against(kernels.prdc_pair, 2000, 2048),
    "prdc-5000": against(kernels.prdc_pair, 5000, 2048),
    "prdc": against(kernels.prdc_pair, 10_000, 2048),
    "kid": against(kernels.kid_pair, 2000, 2048, 100, 1000),
}


def growth(row: str, side: int, threads: int) -> float:
    """MiB by which the peak of a fresh process grows over a call of ours (0) or theirs (1), inputs held."""
    torch.set_num_threads(threads)
    work = ROWS[row](False, "fp32")[side]
    assert callable(work)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def memory(row: str, threads: int) -> str:
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, fresh, max_tasks_per_child=1) as pool:
        ours, theirs = (pool.submit(growth, row, side, threads).result() for side in (0, 1))
    return f"{row}: ours {ours:.0f} MiB, theirs {theirs:.0f} MiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="+", choices=ROWS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--memory", action="store_true", help="the peak of either side instead of times")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    clock = time.process_time if given.threads == 1 else time.perf_counter
    for row in given.rows:
        if given.memory:
            print(memory(row, given.threads))
            continue
        ours, theirs, units = ROWS[row](given.compile, given.precision)
        first = seconds(ours, 0.0, time.perf_counter)
        mine, others = alternated(ours, theirs, given.rounds, 0.2, clock)
        how = f"{given.precision}{', compiled' * given.compile}, {given.threads} threads"
        print(f"{row} ({how}): {others * units / mine:.2f} times as fast as theirs", end="; ")
        print(f"ours {1e3 * mine / units:.3f} ms, theirs {1e3 * others:.3f} ms, first call {first:.0f} s")


if __name__ == "__main__":
    main()
