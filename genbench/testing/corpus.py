"""Make the fault corpus: ``python -m genbench.testing.corpus suites/corpus/faults.toml OUT [NAME …]``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from genbench.testing.faults import conditions, execute


def make(source: Path, out: Path, names: list[str]) -> None:
    """Run the conditions that are not there yet, each into two Parquet files."""
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    for condition in conditions(source):
        truth = out / f"{condition.name}.truth.parquet"
        if truth.exists() or (names and condition.name not in names):
            continue
        started = time.process_time()
        outcome = execute(condition)
        outcome.trace.to_parquet(out / f"{condition.name}.trace.parquet", index=False, compression="zstd")
        outcome.truth.to_parquet(truth, index=False, compression="zstd")
        print(f"{condition.name}: {time.process_time() - started:.1f} s", flush=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
