"""Many runs as frames."""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from genbench.store import tables
from genbench.store.folder import RECORD, SCORES, STATE, TRACE, VERDICTS, RunFolder
from genbench.store.place import Place, place, walk
from genbench.types import InputError, Record, Verdict

_RUN_NAME = re.compile(r".+-[0-9a-f]{8}")
_FILES = {RECORD, TRACE, SCORES, VERDICTS, STATE}
_DEPTH = 3  # a run lies at most this deep below a folder of results
_NO_SCORES = tables.SCORES.empty_table()
_REQUESTS = 16  # at a time, to a store that is far away

RUN_COLUMNS = ["suite", "task", "model", "key", "path"]
RECORD_COLUMNS = [
    *RUN_COLUMNS,
    *("status", "reason", "seeds", "failures", "notes", "options", "task_options"),
    *("steps", "steps_done", "batch", "examples", "training_seconds", "evaluation_seconds", "data"),
    *("cost", "anchors", "ranked_by", "precision", "revision"),
]


@dataclass(frozen=True, eq=False)
class Results:
    """All runs below a folder.

    Attributes:
        folders: where they lie, in the order of `records`.
        records: a row a run; `seeds`, `failures`, `notes`, `options`, `task_options`, `cost`, `anchors`
            and `ranked_by` hold the objects of its record and configuration, `data` the checksum of what it
            was trained on.
        scores: tidy: the run's suite, task, model, key and path, then seed, step, metric, value, low, high,
            n, flags, kind, better, scale; the last is missing of runs that earlier versions wrote.
        verdicts: tidy: the run's columns, then the attributes of `Verdict`.
        problems: a sentence for each folder that had to be left out.
    """

    folders: tuple[RunFolder, ...]
    records: pd.DataFrame
    scores: pd.DataFrame
    verdicts: pd.DataFrame
    problems: tuple[str, ...]

    @functools.cached_property
    def traces(self) -> pd.DataFrame:
        """Tidy: the run's columns, then seed, step, seconds, samples, signal, value.

        Traces are the bulk of what runs leave, so they are read on first use.
        """
        return _stack(self.records, [folder.read_trace() for folder in self.folders], tables.TRACE_FRAME)


def scan(root: str | Place) -> tuple[list[RunFolder], list[str]]:
    """Every run below a path, or URL, which may be a run, a suite's folder or the folder of all results.

    Returns:
        The runs that can be read, sorted by path, and a sentence for each that cannot.

    Raises:
        InputError: there is no such folder.
    """
    # Each record is let go at once: a hundred thousand of them would keep the garbage collector busy.
    found = [each.folder if isinstance(each, _Run) else each for each in _each(place(root))]
    folders = [each for each in found if isinstance(each, RunFolder)]
    return folders, [each for each in found if isinstance(each, str)]


def load(root: str | Place) -> Results:
    """Read every run below a path into frames; see `scan` for what the path may be.

    Raises:
        InputError: there is no such folder.
    """
    return _framed(*_read_all(place(root)))


def load_runs(folders: Sequence[Place]) -> Results:
    """Read exactly these runs into frames, in this order; InputError if one is not there."""
    read = [_read_all(folder) for folder in folders]
    return _framed(
        [run for runs, _ in read for run in runs], [said for _, problems in read for said in problems]
    )


def _framed(runs: Sequence[_Run], problems: Sequence[str]) -> Results:
    records = pd.DataFrame([_row(run.folder, run.record) for run in runs], columns=RECORD_COLUMNS)
    records = records.astype({"steps": "Int64", "batch": "Int64"})
    return Results(
        folders=tuple(run.folder for run in runs),
        records=records,
        scores=_beside(
            records, [len(run.scores) for run in runs], tables.score_frame_of([run.scores for run in runs])
        ),
        verdicts=_beside(
            records,
            [len(run.verdicts) for run in runs],
            _verdict_frame([verdict for run in runs for verdict in run.verdicts]),
        ),
        problems=tuple(problems),
    )


@dataclass(frozen=True)
class _Run:
    folder: RunFolder
    record: Record
    scores: pa.Table
    verdicts: list[Verdict]


def _read_all(root: Place) -> tuple[list[_Run], list[str]]:
    found = list(_each(root))
    return [run for run in found if isinstance(run, _Run)], [text for text in found if isinstance(text, str)]


def _each(root: Place) -> Iterator[_Run | str]:
    """Every run below a folder, or a sentence that says why it cannot be read."""
    if not root.is_dir():
        raise InputError(f"{root} is no folder; give a run, a suite's folder, or the folder of all results")
    if isinstance(root, Path):
        yield from (_read(*each) for each in _folders(root))
    else:
        with ThreadPoolExecutor(_REQUESTS) as pool:
            yield from pool.map(lambda each: _read(*each), _folders(root))


def _read(folder: RunFolder, files: Container[str]) -> _Run | str:
    """A run with these files, or a sentence that says why it cannot be read."""
    try:
        if TRACE in files:
            folder.check_trace()
        verdicts = folder.read_verdicts() if VERDICTS in files else []
        scores = folder.score_table() if SCORES in files else _NO_SCORES
        return _Run(folder, folder.read_record(), scores, verdicts)
    except InputError as error:
        return str(error)


def _folders(root: Place) -> Iterator[tuple[RunFolder, list[str]]]:
    """Folders that are runs by their content or by their name, whole or not, and the names of their files."""
    for path, below, files in walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        unfinished = _RUN_NAME.fullmatch(path.name) and set(below) <= {"samples"}
        if unfinished or not _FILES.isdisjoint(files):
            yield RunFolder(path), files
            below.clear()
        elif len(path.parts) - len(root.parts) == _DEPTH:
            below.clear()


def _row(folder: RunFolder, record: Record) -> dict[str, Any]:
    config = record.config
    return {
        **{name: getattr(record, name) for name in ("suite", "task", "model", "status", "reason")},
        **{name: getattr(record, name) for name in ("seeds", "failures", "notes", "steps_done", "examples")},
        **{name: getattr(record, name) for name in ("cost", "anchors", "ranked_by")},
        **{name: _as(Mapping, config.get(name)) for name in ("options", "task_options")},
        **{name: _as(int, config.get(name)) for name in ("steps", "batch")},
        **{f"{part}_seconds": record.seconds.get(part) for part in ("training", "evaluation")},
        "key": folder.key,
        "path": str(folder.path),
        "data": _as(str, record.data.get("checksum")),
        "precision": _as(str, config.get("precision", "fp32")),
        "revision": _as(int, config.get("revision", 1)),
    }


def _as(kind: type, value: Any) -> Any:
    """A setting that a stranger's record may hold in any shape; None if it is of another kind, or endless."""
    endless = isinstance(value, int) and abs(value) >= 2**53
    return value if isinstance(value, kind) and not endless else None


def _verdict_frame(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    return pd.DataFrame(list(map(vars, verdicts)), columns=[field.name for field in fields(Verdict)])


def _stack(records: pd.DataFrame, frames: Sequence[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
    """One frame of all runs' frames, each row led by its run's columns; `empty` gives the columns of none."""
    filled = [frame for frame in frames if len(frame)] or [empty]
    return _beside(records, list(map(len, frames)), pd.concat(filled, ignore_index=True))


def _beside(records: pd.DataFrame, lengths: Sequence[int], frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose rows belong to runs, so many to each in turn, each row led by its run's columns."""
    rows = np.repeat(np.arange(len(records)), lengths)
    return pd.concat([records[RUN_COLUMNS].iloc[rows].reset_index(drop=True), frame], axis=1)
