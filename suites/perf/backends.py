"""What `--backend auto` should take, measured: ``python -m perf.backends [MODEL …]``.

A line of ``genbench/engine/backends.toml`` a model and task: microseconds of a step of one seed among eight,
by one thread, for a loop over seeds, for the batched program, and for the same compiled. Batches of 128
points or 64 images, models as they come; a deep model is measured in its first phase.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import torch

from genbench.engine.ensemble import Ensemble
from genbench.registry import models, tasks

from .timing import Work, seconds

SEEDS = 8
BATCHES = {"ring8": 128, "digits": 64}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=list(models), metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.models:
        for place in BATCHES:
            task, model = tasks[place].create(), models[name].create()
            if not model.refuses(task):
                runs = Ensemble(model, task, tuple(range(SEEDS)), 10**6, BATCHES[place])
                print(f"[microseconds.{place}]\n{line(name, runs, given.rounds)}", flush=True)


def line(name: str, runs: Ensemble, rounds: int) -> str:
    """The three times of a model on a task, taken in turns, and how long compiling took."""
    ways = {
        "loop": stretch(replace(runs, backend="loop")),
        "batched": stretch(runs),
        "compiled": stretch(replace(runs, compiled=True)),
    }
    first = {way: seconds(work, 0.0, time.perf_counter) for way, work in ways.items()}
    best = {way: min(seconds(work, 0.3) for _ in range(rounds)) for way, work in ways.items()}
    times = ", ".join(f"{way} = {1e6 * taken / SEEDS:.0f}" for way, taken in best.items())
    return f"{name} = {{ {times}, compiling = {first['compiled']:.0f}e6 }}"


def stretch(runs: Ensemble) -> Work:
    """One step after the other."""
    state = runs.initial()
    return lambda: runs.advance(state, state.step + 1).read()


if __name__ == "__main__":
    main()
