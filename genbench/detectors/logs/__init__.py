"""Traces from somebody else's logs: each format a module, and then one way from cells to signals.

A format's reader hands on a `Table` of cells as they stand, in the order of the file (`separated`, `records`,
`lines`, `events`, `parquet`). What follows is the same for all: cells become `numbers`, columns get `names`,
their `steps` one rising count with runs and restarts told apart, and `signals` of it a tidy frame; `endings`
looks whether it ends in numbers that are not finite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from genbench.detectors.logs.endings import finite
from genbench.detectors.logs.events import read_events
from genbench.detectors.logs.files import regular
from genbench.detectors.logs.lines import read_printed
from genbench.detectors.logs.parquet import read_parquet
from genbench.detectors.logs.records import read_json
from genbench.detectors.logs.separated import read_separated
from genbench.detectors.logs.signals import signals
from genbench.detectors.logs.table import Table
from genbench.types import GenbenchError, InputError, Trace

__all__ = ["READERS", "Log", "read_log"]

COLUMNS = ["seed", "step", "seconds", "samples", "signal", "value"]
READERS: Mapping[str, Callable[[Path], Table]] = {
    ".csv": read_separated,
    ".tsv": read_separated,
    ".json": read_json,
    ".jsonl": read_json,
    ".ndjson": read_json,
    ".parquet": read_parquet,
    ".txt": read_printed,
    ".log": read_printed,
}


@dataclass(frozen=True)
class Log(Trace):
    """A trace read from a log.

    Attributes:
        notes: how steps and runs were understood, and all that was left out.
    """

    notes: tuple[str, ...] = ()


def read_log(path: Path, mapping: Mapping[str, str] | None = None) -> Log:
    """A log as a trace, each run in it a seed.

    Args:
        path: a file, or a folder of TensorBoard event files.
        mapping: column → signal, for columns of other names; ``seed`` and ``step`` may be meant as well.

    Raises:
        InputError: the file cannot be read, or has no numbers.
        NotAvailableError: it is an event file and tensorboard is not installed.
    """
    table = _downloaded(_read(path), path)
    try:
        frame, notes = signals(table, mapping or {}, path)
        ends = finite(frame)
    except GenbenchError:
        raise
    except Exception as error:  # columns may hold lists, names, anything; pandas raises whatever they lead to
        raise InputError(f"{path} is no log: steps and values must be numbers ({_reason(error)})") from None
    whole = pd.concat([frame, ends]) if len(ends) else frame
    return Log(whole.assign(seconds=0.0, samples=0)[COLUMNS].reset_index(drop=True), tuple(notes))


def _read(path: Path) -> Table:
    suffix = path.suffix.lower()
    reader = read_events if path.is_dir() or ".tfevents." in path.name else READERS.get(suffix)
    if reader is None:
        raise InputError(
            f"{path}: expected a run folder, .csv, .parquet, .jsonl, .json, .txt or TensorBoard event files"
        )
    if not path.is_dir():
        regular(path)
    try:
        return reader(path)
    except GenbenchError:
        raise
    except Exception as error:  # parsers raise whatever damaged bytes lead them to
        kind = "event files" if reader is read_events else suffix
        raise InputError(f"{path} cannot be read as {kind}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


def _downloaded(table: Table, path: Path) -> Table:
    """What TensorBoard lets people download is one scalar, whose tag stands in the file's name alone."""
    if set(table.cells.columns) != {"Wall time", "Step", "Value"}:
        return table
    return replace(table, cells=table.cells.rename(columns={"Value": path.stem.rpartition("tag-")[2]}))
