"""Makes many cases of generated input at every boundary of `test_fuzz`, in portions with seeds of their own.

``python tests/reliability/fuzz.py --cases 100000 --seed 0`` prints the sums so far after each portion, and
what failed, which the portion's seed makes again. It ends with 1 if anything did.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

TESTS = Path(__file__).with_name("test_fuzz.py")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cases", type=int, default=100_000)
    arguments.add_argument("--portion", type=int, default=3000)
    arguments.add_argument("--seed", type=int, default=0, help="of the first portion")
    arguments.add_argument("--only", default="", help="boundaries, as pytest's -k has them")
    given = arguments.parse_args()
    cases: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    failed: list[int] = []
    seed = given.seed
    while cases.total() < given.cases:
        sound, lines = portion(seed, given.portion, given.only)
        failed += [] if sound else [seed]
        for line in lines:
            cases[line["boundary"]] += line["cases"]
            seconds[line["boundary"]] += line["seconds"]
        each = {name: f"{n} cases in {seconds[name]:.1f} s of CPU" for name, n in cases.items()}
        print(json.dumps({"seed": seed, "all": cases.total(), **each, "failed seeds": failed}), flush=True)
        seed += 1
    sys.exit(1 if failed else 0)


def portion(seed: int, cases: int, only: str) -> tuple[bool, list[dict[str, Any]]]:
    """Run so many cases in a process of their own; whether all were well, and a line a boundary."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "figures.jsonl")
        environment = {
            **os.environ,
            "GENBENCH_FUZZ_CASES": str(cases),
            "GENBENCH_FUZZ_FIGURES": str(figures),
            "GENBENCH_FUZZ_RANDOM": "1",
        }
        options = [f"--hypothesis-seed={seed}", "--timeout=0", "-k", only]
        command = [sys.executable, "-m", "pytest", str(TESTS), *options]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            print(ran.stdout, ran.stderr)
        lines = figures.read_text().splitlines() if figures.exists() else []
        return ran.returncode == 0, [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
