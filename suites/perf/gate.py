"""Fails where a commit is slower than another: asv measures, our thresholds judge, after a second look.

``python -m perf.gate BASE [HEAD] [--bench REGEX]`` exits with 1 on a regression. `asv continuous` measures
both commits in turns; the least of all samples counts, since other programs can only add to it. What is
slower by half of what its threshold allows is measured again, up to three times in all, and judged by the
least of all looks. ``python -m perf.gate --noise N`` measures a commit against its like N times, and prints
the thresholds that follow.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
THRESHOLDS = Path(__file__).with_name("thresholds.toml")
ASV_OPTIONS = ("--launch-method", "forkserver", "--interleave-rounds")
LOOKS = 3

Values = Mapping[str, float]
"""Benchmark with its parameters, such as ``kernels.Kernel.time_kernel('frechet', 'small')`` → value."""


def thresholds(path: Path = THRESHOLDS) -> dict[str, float]:
    """Benchmark, or the beginning of its name → how many times as slow it may measure."""
    return {row["benchmark"]: float(row["factor"]) for row in tomllib.loads(path.read_text())["threshold"]}


def allowed(name: str, table: Mapping[str, float]) -> float:
    """The factor of the longest entry that `name` begins with."""
    return table[max((entry for entry in table if name.startswith(entry)), key=len)]


def slower(base: Values, head: Values, table: Mapping[str, float], share: float = 1.0) -> dict[str, float]:
    """What is slower than allowed, with its ratio; benchmarks that one side lacks are no regression.

    Args:
        share: of the slow-down that is allowed: 0.5 finds what is slower by half of it.
    """
    ratios = {name: head[name] / base[name] for name in base.keys() & head.keys() if base[name] > 0}
    return {n: ratio for n, ratio in sorted(ratios.items()) if ratio - 1 > share * (allowed(n, table) - 1)}


def judge(base: str, head: str, bench: str | None, root: Path = ROOT) -> int:
    """Print what is still slower after the last look; 1 if there is anything, 0 if not."""
    table = thresholds()
    before, after = measure(base, head, bench, root)
    for _ in range(LOOKS - 1):
        if suspects := slower(before, after, table, 0.5):
            print(f"measured again: {', '.join(suspects)}")
            again = measure(base, head, _regex(suspects), root)
            before, after = (least(*both) for both in zip((before, after), again, strict=True))
    confirmed = slower(before, after, table)
    for name, ratio in confirmed.items():
        print(f"slower: {name} takes {ratio:.2f} times as long, {allowed(name, table):.2f} is allowed")
    print(f"{len(confirmed) or 'no'} regressions: {head} against {base}")
    return 1 if confirmed else 0


def least(first: Values, second: Values) -> Values:
    """The smaller of two values, where there are two."""
    return {name: min(first.get(name, inf), second.get(name, inf)) for name in first.keys() | second.keys()}


def measure(base: str, head: str, bench: str | None, root: Path = ROOT) -> tuple[Values, Values]:
    """Values of both commits, measured in turns."""
    config = _private_config(root)
    name = os.environ.get("ASV_MACHINE", "this-machine")
    asv = [sys.executable, "-m", "asv"]
    subprocess.run(
        [*asv, "machine", "--yes", "--machine", name], check=True, stdout=subprocess.DEVNULL, cwd=root
    )
    command = [*asv, "continuous", "--config", str(config), "--machine", name, "--factor", "1000"]
    command += [*ASV_OPTIONS, *(["--bench", bench] if bench else [])]
    borrowed = {**os.environ, "ASV_PYTHONPATH": sysconfig.get_path("purelib"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, base, head], cwd=root, env=borrowed, capture_output=True, text=True)
    values = tuple(read(config, name, _hash(commit, root)) for commit in (base, head))
    if not all(values):
        raise SystemExit(f"asv measured nothing to compare:\n{done.stdout}\n{done.stderr}")
    return values[0], values[1]


def read(config: Path, machine: str, commit: str) -> Values:
    """All values of a commit, from asv's files: the least sample of a time."""
    from asv.config import Config
    from asv.results import iter_results_for_machine_and_hash

    values: dict[str, float] = {}
    for result in iter_results_for_machine_and_hash(Config.load(str(config)).results_dir, machine, commit):
        for key in result.get_all_result_keys():
            params = result.get_result_params(key)
            measured = result.get_result_value(key, params) or []
            samples = result.get_result_samples(key, params) or [None] * len(measured)
            for combination, value, own in zip(itertools.product(*params), measured, samples, strict=True):
                if value is not None and value == value:
                    name = f"{key}({', '.join(combination)})" if params else key
                    values[name] = float(min(own or [value]))
    return values


def noise(times: int, bench: str | None, root: Path = ROOT) -> None:
    """Print thresholds: twice the largest deviation from 1 of HEAD against its like; from 1.1 to 2.

    Both are judged as in a comparison that is in doubt, by the least of `LOOKS` looks.
    """
    worst: dict[str, float] = {}
    for _ in range(times):
        like = _like("HEAD", root)
        looks = [measure("HEAD", like, bench, root) for _ in range(LOOKS)]
        first, second = (functools.reduce(least, own) for own in zip(*looks, strict=True))
        for name in first.keys() & second.keys():
            low, high = sorted((first[name], second[name]))
            worst[name] = max(worst.get(name, 1.0), high / low)
    for name, ratio in sorted(worst.items()):
        factor = min(2.0, max(1.1, 1 + 2 * (ratio - 1)))
        print(f'[[threshold]]\nbenchmark = "{name}"\nmeasured = {ratio:.3f}\nfactor = {factor:.2f}\n')


def _private_config(root: Path) -> Path:
    """The project's configuration with results of its own: a comparison leaves no trace in results/asv."""
    from asv.util import load_json, write_json

    config: dict[str, Any] = load_json(str(root / "asv.conf.json"), js_comments=True)
    place = root / ".asv" / "gate"
    place.mkdir(parents=True, exist_ok=True)
    places = {"repo": root, "benchmark_dir": root / "suites/perf", "env_dir": root / ".asv/env"}
    config |= {key: str(path) for key, path in places.items()}
    config |= {"results_dir": str(place / "results"), "branches": ["HEAD"]}
    write_json(str(place / "asv.conf.json"), config, api_version=1)
    return place / "asv.conf.json"


def _hash(commit: str, root: Path) -> str:
    return _git(root, "rev-parse", commit)


def _like(commit: str, root: Path) -> str:
    """A commit of the same files on no branch, since asv measures a commit once."""
    who = ("-c", "user.name=gate", "-c", "user.email=gate@localhost")
    return _git(root, *who, "commit-tree", f"{commit}^{{tree}}", "-p", commit, "-m", "like its parent")


def _git(root: Path, *command: str) -> str:
    done = subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _regex(names: Iterable[str]) -> str:
    return "|".join(f"^{re.escape(name)}$" for name in names)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("base", nargs="?", default="main")
    parser.add_argument("head", nargs="?", default="HEAD")
    parser.add_argument("--bench", help="only benchmarks that match")
    parser.add_argument("--noise", type=int, metavar="N", help="print thresholds instead")
    given = parser.parse_args()
    if given.noise:
        noise(given.noise, given.bench)
        return 0
    return judge(given.base, given.head, given.bench)


if __name__ == "__main__":
    sys.exit(main())
