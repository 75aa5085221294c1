"""Runs a suite in a loop, in one process, and watches memory, open files and threads.

``python tests/reliability/soak.py --minutes 60`` writes a line a round and its figures at the end: a process
that leaks shows a slope. The first quarter of the rounds warms up caches and is left out of the slope.

Memory is looked at four ways, after a collection of garbage. ``allocated`` is what the C library has handed
out, ``blocks`` what Python's own allocator has; a leak shows there first. ``private`` is what the process
holds of the machine, with the gaps between what it uses. ``resident`` also counts pages of programs and
libraries, which the system takes away and brings back as it likes, so its slope says little.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

import torch
from scipy import stats

from genbench.engine.placement import Placement
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
            records = run_all(configs, Placement(torch.device("cpu")), Path(folder))
            assert not [record for record in records if record.status == "failed"], records
            results = load(folder)
            leaderboard(results)
            write_overviews(results, Path(folder))
        rows.append(sample(time.monotonic() - started))
        print(json.dumps(rows[-1]), flush=True)
    print(json.dumps(figures(rows, len(configs)), indent=1))


def sample(seconds: float) -> dict[str, float]:
    """What this process holds now, memory in megabytes."""
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "seconds": round(seconds, 1),
        "allocated": round(allocated() / 1e6, 2),
        "blocks": sys.getallocatedblocks(),
        "private": round(int(status["RssAnon"].split()[0]) * 1024 / 1e6, 1),
        "resident": round(int(status["VmRSS"].split()[0]) * 1024 / 1e6, 1),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "python_threads": threading.active_count(),
    }


class _Mallinfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc 2.33 and newer."""

    _fields_: ClassVar = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def allocated() -> int:
    """Bytes that the C library has handed out and that were not given back."""
    ask = ctypes.CDLL("libc.so.6").mallinfo2
    ask.restype = _Mallinfo
    found = ask()
    return int(found.uordblks + found.hblkhd)


def figures(rows: list[dict[str, float]], runs: int) -> dict[str, object]:
    """How each held quantity went: first, after the warm-up, last, and its slope an hour."""
    kept = rows[len(rows) // 4 :]
    found: dict[str, object] = {
        "rounds": len(rows),
        "runs": len(rows) * runs,
        "minutes": round(rows[-1]["seconds"] / 60, 1),
    }
    for name in ("allocated", "blocks", "private", "resident", "files", "threads"):
        ends = {"first": rows[0][name], "after warm-up": kept[0][name], "last": kept[-1][name]}
        found[name] = {**ends, **slope([row["seconds"] / 3600 for row in kept], [row[name] for row in kept])}
    return found


def slope(hours: list[float], values: list[float]) -> dict[str, float]:
    """Least squares, with the half-width of its 95 % interval; nothing of fewer than three rounds."""
    if len(values) < 3:
        return {}
    fitted = stats.linregress(hours, values)
    half = float(stats.t.ppf(0.975, len(values) - 2) * fitted.stderr)
    return {"an hour": round(float(fitted.slope), 3), "give or take": round(half, 3)}


if __name__ == "__main__":
    main()
