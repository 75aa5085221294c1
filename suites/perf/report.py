"""What a large report costs: `python -m perf.report` writes 500 runs and measures the pages of them."""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from genbench.detectors import diagnose
from genbench.report.html import write_report
from genbench.report.pictures import samples_picture
from genbench.store import RunFolder, load
from genbench.types import Estimate, Record, Score, Trace

TASKS, METHODS, SEEDS, TICKS = 10, 50, 8, 100
LOOKS = (10, 100, 1000)
SIGNALS = tuple(
    f"{player}/{name}"
    for player in ("critic", "generator")
    for name in ("loss", "grad_norm", "update_norm", "update_ratio", "depth_ratio", "score_gradient")
)
METRICS = {
    "modes@2500": "higher",
    "high_quality@2500": "higher",
    "reverse_kl@2500": "lower",
    "sliced_wasserstein@2500": "lower",
}
ANCHORS = {
    name: {"trivial": 0.0 if better == "higher" else 3.0, "real": 1.0} for name, better in METRICS.items()
}


class Runs:
    """Writes run folders as eight seeds on a planar task leave them; in one, gradients explode."""

    def __init__(self, root: Path) -> None:
        self.root = root
        rng = np.random.default_rng(0)
        self.real = rng.normal(size=(1000, 2)).astype(np.float32)
        self.points = rng.normal(size=(SEEDS, 1000, 2)).astype(np.float32)
        buffer = io.BytesIO()
        samples_picture(self.points, self.real, range(SEEDS)).save(buffer, "PNG")
        self.picture = buffer.getvalue()
        self.verdicts = diagnose(Trace(trace(rng)))

    def write(self, task: str, model: str, number: int) -> None:
        rng, seeds = np.random.default_rng(number), range(SEEDS)
        folder = RunFolder.under(self.root, "suite", task, model, f"{number:08x}")
        folder.write_trace(trace(rng))
        level = rng.normal(0.5, 0.2)
        scores = [
            Score(seed, step, name, Estimate(float(rng.normal(level * step / 1000, 0.1)), 2500))
            for seed in seeds
            for step in LOOKS
            for name in METRICS
        ]
        folder.write_scores(scores, METRICS)
        folder.write_verdicts(self.verdicts)
        folder.write_samples(self.points, self.real)
        for step in LOOKS:
            folder.write_bytes(f"samples/step-{step:07d}.png", self.picture)
        config = {"options": {"width": 128, "model": model}, "task_options": {}, "steps": 1000, "batch": 128}
        modes = [[np.cos(angle), np.sin(angle)] for angle in np.arange(8) * np.pi / 4]
        folder.write_record(
            Record(
                *("suite", task, model, config, "done"),
                seeds=tuple(seeds),
                steps_done=1000,
                examples=SEEDS * 128_000,
                seconds={"training": float(rng.uniform(10, 100)), "evaluation": 3.0},
                data={"checksum": "c0" * 32, "modes": modes, "sigma": 0.01, "shape": [2]},
                cost={"peak_bytes": 900_000_000, "flops": [[0, 5e7]]},
                anchors=ANCHORS,
            )
        )


def trace(rng: np.random.Generator) -> pd.DataFrame:
    """Random walks of all signals, a row a tick, signal and seed; the last seed's gradients explode."""
    steps = np.arange(1, TICKS + 1) * 10
    walks = np.exp(0.05 * rng.normal(size=(TICKS, len(SIGNALS), SEEDS)).cumsum(axis=0))
    walks[TICKS // 2 :, [name.endswith("grad_norm") for name in SIGNALS], -1] *= 1e6
    step, signal, seed = (index.ravel() for index in np.indices(walks.shape))
    return pd.DataFrame(
        {
            "seed": seed,
            "step": steps[step],
            "seconds": steps[step] / 100,
            "samples": steps[step] * 128,
            "signal": np.array(SIGNALS)[signal],
            "value": walks.ravel(),
        }
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the runs, or take those that are there, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, help="keeps runs and report; by default they are removed"
    )
    folder = parser.parse_args(arguments).folder
    with tempfile.TemporaryDirectory() as temporary:
        root = folder or Path(temporary)
        if not (root / "runs").exists():
            runs = Runs(root / "runs")
            for number in range(TASKS * METHODS):
                runs.write(f"task{number // METHODS}", f"model{number % METHODS:02}", number)
        began, clock = time.perf_counter(), os.times()
        results = load(root / "runs")
        read = time.perf_counter() - began
        write_report(results, root / "report", {})
        wall, spent = time.perf_counter() - began, os.times()
        used = sum(spent[:4]) - sum(clock[:4])
        print(f"{wall:.1f} s, {used:.1f} s of processor time; reading scores and verdicts took {read:.1f} s")


if __name__ == "__main__":
    main()
