"""The data behind a report's pages as files, CSV and Parquet, without the paths of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from genbench.report.formats.data import flat
from genbench.report.references import with_references
from genbench.store import Results, RunFolder
from genbench.store.results import RUN_COLUMNS
from genbench.store.tables import TRACE_CODED

_NAMES = [name for name in RUN_COLUMNS if name != "path"]
_CODED = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema([*((name, _CODED) for name in _NAMES), *TRACE_CODED])


class RawTraces:
    """Writes ``traces.csv`` and ``traces.parquet``, a run at a time, since all may not fit into memory."""

    def __init__(self, results: Results, folder: Path) -> None:
        self.folder = folder
        runs: Sequence[Mapping[Any, Any]] = results.records[[*_NAMES, "path"]].to_dict("records")
        self.names = {run["path"]: [str(run[name]) for name in _NAMES] for run in runs}

    def __enter__(self) -> RawTraces:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open = ExitStack()
        path = self.folder / "traces"
        self._writers = [
            self._open.enter_context(pa.csv.CSVWriter(path.with_suffix(".csv"), _SCHEMA)),
            self._open.enter_context(pa.parquet.ParquetWriter(path.with_suffix(".parquet"), _SCHEMA)),
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def add(self, folder: RunFolder, trace: pa.Table) -> None:
        """Write one run's trace, its rows led by the run's names."""
        if not trace.num_rows:
            return
        own = [_repeated(name, trace.num_rows) for name in self.names[str(folder.path)]]
        table = pa.Table.from_arrays([*own, *trace.columns], schema=_SCHEMA)
        for writer in self._writers:
            writer.write_table(table)


def write_frames(board: pd.DataFrame, results: Results, folder: Path) -> None:
    """The leaderboard with its references, all scores and all verdicts."""
    frames = {
        "leaderboard": flat(with_references(board)),
        "scores": flat(results.scores),
        "verdicts": results.verdicts.assign(onset=results.verdicts["onset"].astype("string")),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        table = pa.Table.from_pandas(frame.drop(columns="path", errors="ignore"), preserve_index=False)
        pa.parquet.write_table(table, folder / f"{name}.parquet")
        pa.csv.write_csv(table, folder / f"{name}.csv")


def _repeated(name: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), [name])
