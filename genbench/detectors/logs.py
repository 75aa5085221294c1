"""Traces from somebody else's logs: CSV, Parquet, JSON lines, TensorBoard event files.

A log is tidy (a row a value: columns signal and value) or wide (a column a signal). A step column says when,
and a seed column, if there is one, which run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from genbench.store.tables import check_size
from genbench.types import GenbenchError, InputError, NotAvailableError, Trace

COLUMNS = ["seed", "step", "seconds", "samples", "signal", "value"]
STEP_NAMES = ("step", "global_step", "iteration", "iter", "epoch", "_step")
SEED_NAMES = ("seed", "run", "run_id")
FINITE = "run/finite"
LOSSES = r"(?:.*[/_])?(?:loss|grad_norm)"
"""Signals that should be finite to the end."""
_EVENTS = re.compile(r"events\.out\.tfevents\.")


def read_log(path: Path, mapping: Mapping[str, str] | None = None) -> Trace:
    """Read a log.

    Args:
        path: a file, or a folder of TensorBoard event files.
        mapping: column → signal, for columns of other names; ``seed`` and ``step`` may be meant as well.

    Raises:
        InputError: the file cannot be read, or has no steps or no numbers.
        NotAvailableError: it is an event file and tensorboard is not installed.
    """
    frame = _reader(path)(path)
    unknown = sorted(set(mapping or ()) - set(map(str, frame.columns)) - set(_signals_in(frame)))
    if unknown:
        known = ", ".join(map(str, frame.columns))
        raise InputError(f"{path} has no column {unknown[0]!r} to map; it has {known}")
    try:
        return Trace(_tidy(frame, dict(mapping or {}), path))
    except GenbenchError:
        raise
    except Exception as error:  # columns may hold lists, names, anything; pandas raises whatever they lead to
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} is no log: steps and values must be numbers ({reason})") from None


def _reader(path: Path) -> Callable[[Path], pd.DataFrame]:
    if path.is_dir() or _EVENTS.search(path.name):
        return _read_events
    readers: Mapping[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": pd.read_csv,
        ".parquet": _read_parquet,
        ".jsonl": _read_json_lines,
        ".ndjson": _read_json_lines,
        ".json": _read_json_lines,
    }
    if path.suffix not in readers:
        raise InputError(f"{path}: expected a run folder, .csv, .parquet, .jsonl or TensorBoard event files")
    return lambda where: _checked(readers[path.suffix], where)


def _checked(reader: Callable[[Path], pd.DataFrame], path: Path) -> pd.DataFrame:
    try:
        return reader(path)
    except GenbenchError:
        raise
    except Exception as error:  # parsers raise whatever damaged bytes lead them to
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} cannot be read as {path.suffix}: {reason}") from None


def _read_json_lines(path: Path) -> pd.DataFrame:
    return pd.read_json(path, lines=True)


def _read_parquet(path: Path) -> pd.DataFrame:
    with pq.ParquetFile(path) as file:
        check_size(file, path)
        return file.read().to_pandas()


def _read_events(path: Path) -> pd.DataFrame:
    """Scalars of event files as step, signal and value; an event folder with several runs is an error."""
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        raise NotAvailableError(
            "event files need tensorboard; install it with pip install genbench[tensorboard]"
        ) from None
    folders = {file.parent for file in path.rglob("events.out.tfevents.*")} if path.is_dir() else {path}
    if len(folders) != 1:
        found = f"{len(folders)} runs" if folders else "no event files"
        raise InputError(f"{path} holds {found}; give the folder of one run")
    events = EventAccumulator(str(folders.pop()), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    rows = [(e.step, tag, float(e.value)) for tag in events.Tags()["scalars"] for e in events.Scalars(tag)]
    rows += [
        (e.step, tag, value)
        for tag in events.Tags()["tensors"]
        for e in events.Tensors(tag)
        if (value := _scalar(e.tensor_proto)) is not None
    ]
    return pd.DataFrame(rows, columns=["step", "signal", "value"])


def _scalar(proto: Any) -> float | None:
    """A scalar kept as a tensor, as newer writers do; None for anything else."""
    from tensorboard.util.tensor_util import make_ndarray

    array = make_ndarray(proto)
    return float(array) if array.ndim == 0 and array.dtype.kind in "fiu" else None


def _signals_in(frame: pd.DataFrame) -> list[str]:
    return list(map(str, frame["signal"].unique())) if _is_tidy(frame) else []


def _is_tidy(frame: pd.DataFrame) -> bool:
    return {"signal", "value"} <= set(frame.columns)


def _tidy(frame: pd.DataFrame, mapping: dict[str, str], path: Path) -> pd.DataFrame:
    tidy = _is_tidy(frame)
    frame = frame.rename(columns=mapping)
    step, seed = (next((n for n in names if n in frame.columns), None) for names in (STEP_NAMES, SEED_NAMES))
    if step is None:
        raise InputError(f"{path} has no step column; name it with --map COLUMN=step")
    frame = frame.assign(step=frame[step], seed=_seeds(frame, seed))
    if tidy:
        long = frame.assign(signal=frame["signal"].replace(mapping))[["seed", "step", "signal", "value"]]
    else:
        others = {"step", "seed", step, seed, "seconds", "samples"}
        columns = [c for c in frame.select_dtypes("number").columns if c not in others]
        long = frame.melt(["seed", "step"], columns, "signal", "value")
    return _complete(long, path)


def _seeds(frame: pd.DataFrame, column: str | None) -> pd.Series[int]:
    """Seeds as they are if they are integers, numbered if they are names, 0 if there are none."""
    if column is None:
        return pd.Series(0, index=frame.index)
    if pd.api.types.is_integer_dtype(frame[column]):
        return frame[column]
    return pd.Series(pd.factorize(frame[column], sort=True)[0], index=frame.index)


def _complete(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    numbers = {name: pd.to_numeric(frame[name], errors="coerce") for name in ("step", "value")}
    countable = numbers["step"].abs() < 2**53  # beyond it, and at infinity, a float is no step
    kept = frame.assign(**numbers)[countable]
    if kept["value"].notna().sum() == 0:
        raise InputError(f"{path} holds no numbers with a step; a log needs a step and at least one signal")
    kept = kept.astype({"step": "int64"}).sort_values("step", kind="stable")
    losses = kept[kept["signal"].astype(str).str.fullmatch(LOSSES)]
    ends = [_end(group) for _, group in losses.groupby(["seed", "signal"])]
    finite = pd.DataFrame([row for rows in ends for row in rows], columns=["seed", "step", "signal", "value"])
    return pd.concat([kept, finite]).assign(seconds=0.0, samples=0)[COLUMNS]


def _end(loss: pd.DataFrame) -> list[tuple[int, int, str, float]]:
    """Whether a loss ended in numbers that are not finite: for longer than any gap before, or infinite."""
    values, steps, seed = loss["value"].to_numpy(float), loss["step"].to_numpy(), int(loss["seed"].iloc[0])
    known = np.flatnonzero(np.isfinite(values))
    gap = int(np.diff(known).max()) if len(known) > 1 else 1
    first = int(known[-1]) + 1 if len(known) else 0
    bad = len(values) - first > gap or bool(np.isinf(values[first:]).any())
    found = [(seed, int(steps[max(first - 1, 0)]), FINITE, 1.0)]
    return [*found, (seed, int(steps[first]), FINITE, 0.0)] if bad else found
