"""Make the fault corpus: ``python -m genbench.testing.corpus suites/corpus/faults.toml OUT [NAME …]``.

With ``--signals`` in front, only traces: for runs whose truth is known and whose signals are to be newer.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandas as pd
import torch

from genbench.testing.faults import conditions, execute

COLUMNS = {"trace": "signal", "truth": "quantity"}


def make(source: Path, out: Path, names: list[str], labelled: bool = True) -> None:
    """Run the conditions that are not there yet, each into two small Parquet files."""
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    for condition in conditions(source):
        if _file(out, condition.name, "trace").exists() or (names and condition.name not in names):
            continue
        started = time.process_time()
        outcome = execute(condition, labelled)
        if labelled:
            _write(outcome.truth, _file(out, condition.name, "truth"), "truth")
        _write(outcome.trace, _file(out, condition.name, "trace"), "trace")
        print(f"{condition.name}: {time.process_time() - started:.1f} s", flush=True)


def _file(out: Path, name: str, part: str) -> Path:
    return out / f"{name}.{part}.parquet"


def _write(frame: pd.DataFrame, path: Path, part: str) -> None:
    named = COLUMNS[part]
    small = frame[["seed", "step", named, "value"]].astype(
        {"seed": "int16", "step": "int32", "value": "float32", named: "category"}
    )
    small.to_parquet(path, index=False, compression="zstd", compression_level=19)


if __name__ == "__main__":
    everything = "--signals" not in sys.argv
    source, out, *names = (argument for argument in sys.argv[1:] if argument != "--signals")
    make(Path(source), Path(out), names, everything)
