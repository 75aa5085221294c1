"""What a run costs beside training and scoring: ``python -m perf.overhead --runs 7 --steps 1 10 100 1000``.

The rows of docs/scaling.md: medians of processor time at one thread, after a run that warms up the process.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import torch

from genbench.engine import ensemble, evaluation
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.suite import RunConfig


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--runs", type=int, default=7)
    arguments.add_argument("--steps", type=int, nargs="+", default=[1, 10, 100, 1000])
    given = arguments.parse_args()
    torch.set_num_threads(1)
    # Durations in records are by the wall, which on a busy machine counts other people's work.
    processor = SimpleNamespace(perf_counter=time.process_time, monotonic=time.monotonic)
    evaluation.time = ensemble.time = processor  # type: ignore[assignment]
    milliseconds(2)
    for steps in given.steps:
        parts = zip(*(milliseconds(steps) for _ in range(given.runs)), strict=True)
        training, scoring, rest = (statistics.median(part) for part in parts)
        print(f"{steps:5} steps: training {training:.0f}, evaluation {scoring:.0f}, the rest {rest:.0f} ms")


def milliseconds(steps: int) -> tuple[float, float, float]:
    """Training, evaluation and the rest of one run, all files and pictures written."""
    options = {"width": 8, "latent": 2}
    config = RunConfig(
        "cost", "ring8", {"samples": 400}, "vae", options, (0, 1), steps, 16, 1, ("modes@500",)
    )
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        (record,) = run_all([config], Placement(torch.device("cpu")), Path(folder))
        total = time.process_time() - started
    assert record.status == "done", record
    training, scoring = record.seconds["training"], record.seconds["evaluation"]
    return 1000 * training, 1000 * scoring, 1000 * (total - training - scoring)


if __name__ == "__main__":
    main()
