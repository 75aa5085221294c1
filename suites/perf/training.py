"""Training: a step of every registered model, and the families against what a user would write."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import Any

import torch

from genbench.engine.ensemble import Ensemble
from genbench.engine.state import State
from genbench.nn.architectures import Convolutional
from genbench.registry import models, tasks

from . import baselines
from .timing import SAMPLED, ratio, seconds

DEVICE = os.environ.get("GENBENCH_PERF_DEVICE", "cpu")
CLOCK = time.process_time if DEVICE == "cpu" else time.perf_counter
"""Processor time ignores what else runs, but does not see what a GPU does."""

SEEDS, BATCH = (0, 1), 32
SMALL = {"width": 32, "hidden": 64}
"""Sizes that keep a step in milliseconds, for the models that have them."""
SIZED = {"dbn": {"hidden": (64, 64)}}


def small_ensemble(name: str, task: Any, seeds: tuple[int, ...] = SEEDS, **given: Any) -> Ensemble:
    """The named model, small, on a task."""
    entry = models[name]
    options = {o: v for o, v in SMALL.items() if o in entry.options} | SIZED.get(name, {}) | given
    model = entry.create(**options)
    loops = isinstance(getattr(model, "architecture", None), Convolutional)
    return Ensemble(model, task, seeds, 10**6, BATCH, "loop" if loops else "batched")


def advance(ensemble: Ensemble, state: State, steps: int) -> None:
    """Train on, and read the signals, as at a tick."""
    ensemble.advance(state, state.step + steps).read()


@cache
def started(name: str, task: str) -> tuple[Ensemble, State]:
    """A small ensemble after two steps; kept, since asv sets a benchmark up before every sample.

    Raises:
        NotImplementedError: the model refuses the task, which asv takes for a benchmark to leave out.
    """
    torch.set_num_threads(1)
    made = tasks[task].create().to(DEVICE)
    if reason := models[name].create().refuses(made):
        raise NotImplementedError(reason)
    ensemble = small_ensemble(name, made)
    state = ensemble.initial()
    advance(ensemble, state, 2)
    return ensemble, state


class Step:
    """One training step of two seeds; a pair that a model refuses is left out."""

    params = (list(models), ["ring8", "digits"])
    param_names = ("model", "task")
    timer = staticmethod(CLOCK)
    warmup_time, repeat, rounds = SAMPLED

    def setup(self, name: str, task: str) -> None:
        self.ensemble, self.state = started(name, task)

    def time_step(self, name: str, task: str) -> None:
        advance(self.ensemble, self.state, 1)

    def peakmem_step(self, name: str, task: str) -> None:
        advance(self.ensemble, self.state, 1)

    def track_nanoseconds_a_sample(self, name: str, task: str) -> float:
        before = self.ensemble.examples(self.state.step)
        steps = self.state.step
        taken = seconds(lambda: advance(self.ensemble, self.state, 4), clock=CLOCK)
        trained = (self.ensemble.examples(self.state.step) - before) / (self.state.step - steps)
        return 1e9 * taken / (4 * trained * len(SEEDS))

    track_nanoseconds_a_sample.unit = "ns"  # type: ignore[attr-defined]


class AgainstPlainLoop:
    """Our time over that of a plain PyTorch loop, a seed and a step, in one process."""

    params = ("gan", "wgan-gp", "vae", "dcgan")
    param_names = ("model",)
    timeout = 600

    def setup(self, name: str) -> None:
        torch.set_num_threads(1)
        dense = name in ("gan", "wgan-gp")
        task = tasks["ring8" if dense else "digits"].create()
        seeds = tuple(range(16 if dense else 1))
        given = {"latent": 2, "width": 64} if dense else {}
        self.ensemble = small_ensemble(name, task, seeds, **given)
        self.state = self.ensemble.initial()
        peers = {"wgan-gp": baselines.wgan_gp_step, "vae": baselines.vae_step}
        self.plain = peers.get(name, baselines.gan_step)(self.ensemble.model, task, BATCH)  # type: ignore[operator]

    def track_ratio(self, name: str) -> float:
        steps = 8
        ours = ratio(lambda: advance(self.ensemble, self.state, steps), self.plain)
        return ours / steps / len(self.ensemble.seeds)

    track_ratio.unit = "ours / plain loop"  # type: ignore[attr-defined]


class RbmAgainstSklearn:
    """Contrastive divergence on small digits: our time a sample over scikit-learn's."""

    def setup(self) -> None:
        torch.set_num_threads(1)
        task = tasks["digits"].create()
        self.ensemble = Ensemble(models["rbm"].create(hidden=256), task, (0,), 10**6, 100)
        self.state = self.ensemble.initial()
        self.peer = baselines.sklearn_rbm(256, task, 100, 1000)

    def track_ratio(self) -> float:
        return ratio(lambda: advance(self.ensemble, self.state, 10), self.peer)

    track_ratio.unit = "ours / scikit-learn"  # type: ignore[attr-defined]
