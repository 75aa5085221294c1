"""What a user waits for beside training: the command line, the watching of a run, the report."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from genbench.detectors import diagnose
from genbench.engine.ensemble import Ensemble
from genbench.engine.sample_probe import Probe
from genbench.engine.schedule import ticks
from genbench.registry import models, tasks
from genbench.store import RunFolder
from genbench.types import Estimate, Record, Score, Trace


def children_seconds() -> float:
    """Processor time of processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


class CommandLine:
    """Starting the command, and importing the package, in a fresh process."""

    timer = staticmethod(children_seconds)
    number = 1
    repeat = (3, 10, 5.0)
    warmup_time = 0.0

    def time_help(self) -> None:
        self._python("-m", "genbench", "--help")

    def time_import(self) -> None:
        self._python("-c", "import genbench")

    def _python(self, *arguments: str) -> None:
        where = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, *arguments], check=True, env=where, stdout=subprocess.DEVNULL)


class Watching:
    """Signals, looks at samples and detectors: their share of a run's time."""

    params = ("gan", "vae", "rbm")
    param_names = ("model",)
    timeout = 600
    steps = 400

    def setup(self, name: str) -> None:
        torch.set_num_threads(1)
        self.task = tasks["ring8"].create()
        self.model = models[name].create()

    def track_share(self, name: str) -> float:
        """Time beyond that of the steps alone, over that of the steps alone; the better of two runs."""
        return min(self._share() for _ in range(2))

    track_share.unit = "of training"  # type: ignore[attr-defined]

    def _share(self) -> float:
        runs = Ensemble(self.model, self.task, (0, 1), self.steps, 128)
        state, probe, frames = runs.initial(), Probe(runs), []
        spent = {"training": 0.0, "watching": 0.0}
        for tick in ticks(self.steps):
            started = time.process_time()
            signals = runs.advance(state, tick)
            trained = time.process_time()
            rows = signals.read() | (probe.read(state) if tick in probe.looks else {})
            frames += [(s, tick, 0.0, tick, n, v) for n, own in rows.items() for s, v in enumerate(own)]
            spent["training"] += trained - started
            spent["watching"] += time.process_time() - trained
        started = time.process_time()
        columns = ["seed", "step", "seconds", "samples", "signal", "value"]
        diagnose(Trace(pd.DataFrame(frames, columns=columns)))
        return (spent["watching"] + time.process_time() - started) / spent["training"]


class Report:
    """The pages of 200 runs: 10 methods on 20 tasks, two seeds, a trace and scores each."""

    timer = time.process_time
    number = 1
    repeat = 1
    warmup_time = 0.0
    timeout = 600
    runs = 200

    def setup(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        for run in range(self.runs):
            write_run(self.root / "runs", f"task{run // 10}", f"model{run % 10}", run)

    def teardown(self) -> None:
        self.folder.cleanup()

    def time_report(self) -> None:
        self._report()

    def peakmem_report(self) -> None:
        self._report()

    def _report(self) -> None:
        from genbench.report.html import write_report
        from genbench.store import load

        write_report(load(self.root / "runs"), Path(tempfile.mkdtemp(dir=self.root)), {})


def write_run(root: Path, task: str, model: str, number: int) -> None:
    """A run folder as a short run leaves it."""
    folder, seeds = RunFolder.under(root, "suite", task, model, f"{number:08x}"), (0, 1)
    rng = np.random.default_rng(number)
    looks = [(seed, step) for seed in seeds for step in (500, 1000)]
    scores = [
        Score(seed, step, "modes@2500", Estimate(float(rng.integers(1, 9)), 2500)) for seed, step in looks
    ]
    folder.write_scores(scores, {"modes@2500": "higher"})
    rows = [
        (seed, step, step / 100, step * 128, signal, float(rng.normal()))
        for seed in seeds
        for step in range(10, 1001, 10)
        for signal in ("critic/loss", "generator/loss", "critic/grad_norm")
    ]
    columns = ["seed", "step", "seconds", "samples", "signal", "value"]
    folder.write_trace(pd.DataFrame(rows, columns=columns))
    config = {"options": {}, "task_options": {}, "steps": 1000, "batch": 128}
    data = {"checksum": "c0"}
    folder.write_record(Record("suite", task, model, config, "done", seeds=seeds, steps_done=1000, data=data))
