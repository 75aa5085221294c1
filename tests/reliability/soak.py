"""Runs a suite in a loop, in one process, and watches memory, open files and threads.

``python tests/reliability/soak.py --minutes 60`` writes a line a round and its figures at the end: a process
that leaks shows a slope. The first quarter of the rounds warms up caches and is left out of the slope.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch

from genbench.engine.run import Machine
from genbench.executors.local import run_all
from genbench.report.leaderboard import leaderboard
from genbench.report.overviews import write_overviews
from genbench.store import load
from genbench.suite import expand, load_suite


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=60.0)
    arguments.add_argument("--suite", default="quick")
    arguments.add_argument("--steps", type=int, default=20)
    arguments.add_argument("--seeds", type=int, default=2)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    configs = expand(load_suite(given.suite), steps=given.steps, seeds=given.seeds)
    started, rows = time.monotonic(), []
    while time.monotonic() - started < 60 * given.minutes:
        with tempfile.TemporaryDirectory() as folder:
            records = run_all(configs, Machine(torch.device("cpu")), Path(folder))
            assert not [record for record in records if record.status == "failed"], records
            results = load(folder)
            leaderboard(results)
            write_overviews(results, Path(folder))
        rows.append(sample(time.monotonic() - started))
        print(json.dumps(rows[-1]), flush=True)
    print(json.dumps(figures(rows, len(configs)), indent=1))


def sample(seconds: float) -> dict[str, float]:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "seconds": round(seconds, 1),
        "megabytes": round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "python_threads": threading.active_count(),
    }


def figures(rows: list[dict[str, float]], runs: int) -> dict[str, object]:
    """How each held quantity went after the warm-up: at its start, at its end, and its slope an hour."""
    kept = rows[len(rows) // 4 :]
    hours = np.array([row["seconds"] for row in kept]) / 3600
    found: dict[str, object] = {
        "rounds": len(rows),
        "runs": len(rows) * runs,
        "minutes": rows[-1]["seconds"] / 60,
    }
    for name in ("megabytes", "files", "threads"):
        values = np.array([row[name] for row in kept], dtype=float)
        slope = float(np.polyfit(hours, values, 1)[0]) if len(kept) > 2 else float("nan")
        ends = {"first": rows[0][name], "after warm-up": float(values[0]), "last": float(values[-1])}
        found[name] = {**ends, "an hour": slope}
    return found


if __name__ == "__main__":
    main()
