"""Kills a real suite at random moments, again and again, and compares what is left with a run left alone.

``python tests/reliability/chaos.py --kills 30 --seed 0`` prints its figures. The suite runs in children that
are forked, so that a kill costs no new start of Python and 30 of them fit into a test.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genbench.engine import recording
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.store import load
from genbench.suite import RunConfig

CHECKPOINT_SECONDS = 0.02
"""So short that a kill often meets a checkpoint that is being written."""
OPTIONS = {"vae": {"width": 8, "latent": 2}, "rbm": {"hidden": 8, "sampling_sweeps": 5}}
CONFIGS = [
    RunConfig("chaos", "ring8", {"samples": 400}, model, options, (0, 1), 24, 16, 2, ("modes@500",))
    for model, options in OPTIONS.items()
]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=30)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--every-write", action="store_true", help="one kill at each write instead")
    given = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        dice = random.Random(given.seed)
        figures = every_write(root) if given.every_write else chaos(root, given.kills, dice)
        print(json.dumps(figures, indent=1))


def chaos(root: Path, kills: int, dice: random.Random) -> dict[str, Any]:
    """Kill until `kills` have met a running suite; every suite that ends is compared with the first."""
    run_all(CONFIGS, Placement(torch.device("cpu")), root / "warm")  # what is imported late is imported now
    duration, status = _child(root / "whole", None)
    assert status == 0
    expected = fingerprint(root / "whole")
    killed = torn = rounds = restarts_at_zero = 0
    different: list[str] = []
    while True:
        out = root / f"round{rounds}"
        moment = dice.uniform(0.0, 0.9 * duration) if killed < kills else None
        _, status = _child(out, moment)
        if status == -signal.SIGKILL:
            killed += 1
            torn += bool(list(out.rglob("*.tmp"))) if out.exists() else 0
            restarts_at_zero += not list(out.rglob("state*.safetensors")) if out.exists() else 1
            continue
        assert status == 0, status
        rounds += 1
        found = fingerprint(out)
        different += sorted(name for name in expected.keys() | found if expected.get(name) != found.get(name))
        if killed >= kills:
            break
    return {
        "kills": killed,
        "kills in the middle of a write": torn,
        "kills before the first checkpoint": restarts_at_zero,
        "suites finished": rounds,
        "runs compared": rounds * len(CONFIGS),
        "files compared a suite": len(expected),
        "files that differ": different,
        "CPU seconds of the suite left alone": round(duration, 2),
    }


def every_write(root: Path) -> dict[str, Any]:
    """Kill a run with a checkpoint at every tick at each of its writes in turn, then let it go on."""
    configs = [replace(CONFIGS[0], seeds=(0,), steps=3)]
    run_all(configs, Placement(torch.device("cpu")), root / "whole")
    expected, different, writes = fingerprint(root / "whole"), [], 0
    while True:
        out = root / f"write{writes}"
        _, status = _child(out, None, configs, fatal=writes)
        if status != -signal.SIGKILL:
            assert status == 0, status
            break
        _, status = _child(out, None, configs)
        assert status == 0, status
        found = fingerprint(out)
        different += sorted(name for name in expected.keys() | found if expected.get(name) != found.get(name))
        writes += 1
    return {"writes, each met by a kill": writes, "files that differ": different}


def fingerprint(out: Path) -> dict[str, str]:
    """A digest of each thing a suite leaves that does not tell the time."""
    prints: dict[str, str] = {}
    results = load(out)
    assert not results.problems, results.problems
    for folder in results.folders:
        name = folder.path.name
        record = folder.read_record()
        timed = {"seconds", "cost", "environment"}
        plain = {key: value for key, value in vars(record).items() if key not in timed}
        prints[f"{name}/record"] = repr(sorted(plain.items()))
        prints[f"{name}/flops"] = repr(record.cost.get("flops"))
        prints[f"{name}/trace"] = folder.read_trace().drop(columns="seconds").to_json()
        prints[f"{name}/scores"] = folder.score_frame().to_json()
        prints[f"{name}/verdicts"] = repr(folder.read_verdicts())
        samples = folder.read_samples()
        assert samples is not None
        prints[f"{name}/samples"] = _digest(samples.generated, samples.real)
        ((_, state),) = folder.states()
        header = 8 + int.from_bytes(state[:8], "little")
        prints[f"{name}/state"] = hashlib.sha256(state[header:]).hexdigest()
        files = [path for path in folder.path.rglob("*") if path.is_file()]
        prints[f"{name}/files"] = repr(sorted(str(path.relative_to(folder.path)) for path in files))
        for picture in folder.path.rglob("*.png"):
            prints[f"{name}/{picture.name}"] = hashlib.sha256(picture.read_bytes()).hexdigest()
    return prints


def _digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def _child(
    out: Path, moment: float | None, configs: Sequence[RunConfig] = CONFIGS, fatal: int | None = None
) -> tuple[float, int]:
    """Run the suite in a forked process, killed after `moment` seconds of CPU; its CPU time and how it ended.

    CPU time, since seconds on the wall say nothing on a busy machine.

    Args:
        fatal: the number of the write that kills it; there is a checkpoint at every tick then.
    """
    child = os.fork()
    if child == 0:
        recording.CHECKPOINT_SECONDS = CHECKPOINT_SECONDS if fatal is None else 0.0
        if fatal is not None:
            _die_at(fatal)
        records = run_all(configs, Placement(torch.device("cpu")), out)
        os._exit(0 if [record.status for record in records] == ["done"] * len(configs) else 1)
    while moment is not None and _running(child) and _cpu_seconds(child) < moment:
        time.sleep(0.001)
    if moment is not None:
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime, os.waitstatus_to_exitcode(status)


def _die_at(number: int) -> None:
    """From now on the write or removal of this number, to the disk or to another name, kills this process."""
    left = iter(range(number))

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def write_or_die(*arguments: Any, **options: Any) -> Any:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return write(*arguments, **options)

        return write_or_die

    os.fsync = counted(os.fsync)
    Path.replace, Path.unlink = counted(Path.replace), counted(Path.unlink)  # type: ignore[method-assign]


def _running(child: int) -> bool:
    return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def _cpu_seconds(child: int) -> float:
    return int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main()
