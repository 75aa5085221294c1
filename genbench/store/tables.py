"""The parquet files of a run: tidy, typed, and read back exactly as they were written."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genbench.store.place import Place
from genbench.types import Estimate, GenbenchError, InputError, Score

TRACE = pa.schema(
    {
        "seed": pa.int64(),
        "step": pa.int64(),
        "seconds": pa.float64(),
        "samples": pa.int64(),
        "signal": pa.string(),
        "value": pa.float64(),
    }
)
TRACE_CODED = TRACE.set(
    TRACE.get_field_index("signal"), pa.field("signal", pa.dictionary(pa.int32(), pa.string()))
)
"""The same with each signal's name once; thousands of rows share a handful of them."""
SCORES = pa.schema(
    {
        "seed": pa.int64(),
        "step": pa.int64(),
        "metric": pa.string(),
        "value": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "n": pa.int64(),
        "flags": pa.list_(pa.string()),
        "kind": pa.string(),
        "better": pa.string(),
        "scale": pa.string(),
    }
)
ADDED = frozenset({"scale"})
"""Columns that files of earlier versions lack; they read as null."""
TRACE_FRAME: pd.DataFrame = TRACE.empty_table().to_pandas()
SCORE_FRAME: pd.DataFrame = SCORES.empty_table().to_pandas()


MAX_ROWS = 50_000_000
"""Rows that are read of one table: a small parquet file can hold any number of equal ones."""
MAX_BYTES = 4_000_000_000
"""Uncompressed size up to which a table is read."""


def check_size(file: pq.ParquetFile, where: object) -> None:
    """Refuse a table before it is unpacked that would not fit into memory.

    Raises:
        InputError: it has more rows or bytes than any run leaves.
    """
    meta = file.metadata
    size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    if meta.num_rows > MAX_ROWS or size > MAX_BYTES:
        limits = f"at most {MAX_ROWS} and {MAX_BYTES} are read"
        raise InputError(f"{where} unpacks to {meta.num_rows} rows and {size} bytes; {limits}")


def damaged(path: Place, error: Exception) -> InputError:
    """What to say of a file that is there but cannot be understood."""
    reason = " ".join(str(error).split())
    return InputError(f"{path} is damaged; remove the run's folder and run it again ({reason[:120]})")


def trace_bytes(frame: pd.DataFrame) -> bytes:
    """A trace's frame as parquet.

    Raises:
        InputError: a column is missing, or holds values of another type.
    """
    try:
        return _parquet(pa.Table.from_pandas(frame, schema=TRACE, preserve_index=False))
    except (KeyError, pa.ArrowException) as error:
        raise InputError(f"a trace needs the columns {', '.join(TRACE.names)}: {error}") from None


def trace_frame(data: bytes | None, path: Place) -> pd.DataFrame:
    """The inverse of `trace_bytes`; `path` is for the error's text."""
    return _table(data, TRACE, path).to_pandas()


def trace_table(data: bytes | None, path: Place) -> pa.Table:
    """A trace as it lies in its file, signals as a dictionary; `path` is for the error's text."""
    return _table(data, TRACE_CODED, path)


def check(path: Place) -> None:
    """Raise InputError if a parquet file is there whose end is missing or unreadable."""
    try:
        with path.open("rb") as file:
            pq.read_metadata(file)
    except FileNotFoundError:
        return
    except Exception as error:  # damaged bytes lead a reader anywhere
        raise damaged(path, error) from None


def score_bytes(
    scores: Iterable[Score], better: Mapping[str, str], scales: Mapping[str, str] | None = None
) -> bytes:
    """Scores as parquet, with each metric's good direction and, as far as `scales` tells, its scale.

    Raises:
        InputError: `better` lacks a metric.
    """
    rows = [_row(score, better, scales or {}) for score in scores]
    return _parquet(pa.Table.from_pylist(rows, schema=SCORES))


def scores(data: bytes | None, path: Place) -> list[Score]:
    """The inverse of `score_bytes`; `path` is for the error's text."""
    return [
        Score(
            seed=row["seed"],
            step=row["step"],
            metric=row["metric"],
            estimate=Estimate(
                row["value"], row["n"], row["low"], row["high"], tuple(row["flags"]), row["kind"]
            ),
        )
        for row in _table(data, SCORES, path).to_pylist()
    ]


def score_frame(data: bytes | None, path: Place) -> pd.DataFrame:
    """Scores as a tidy frame; an interval that is not there is NaN, flags are tuples."""
    return score_frame_of([score_table(data, path)])


def score_table(data: bytes | None, path: Place) -> pa.Table:
    """Scores as they lie in their file, which many runs' are put together from."""
    return _table(data, SCORES, path)


def score_frame_of(parts: Sequence[pa.Table]) -> pd.DataFrame:
    """The tidy frame of several tables, one below the other; a frame a run would take a millisecond each."""
    frame = pa.concat_tables([*parts, SCORES.empty_table()]).to_pandas()
    return frame.assign(flags=[tuple(flags) for flags in frame["flags"]])


def _row(score: Score, better: Mapping[str, str], scales: Mapping[str, str]) -> dict[str, object]:
    if score.metric not in better:
        raise InputError(f"`better` does not say whether a higher or a lower {score.metric} is good; add it")
    return {
        "seed": score.seed,
        "step": score.step,
        "metric": score.metric,
        **vars(score.estimate),
        "flags": list(score.estimate.flags),
        "better": better[score.metric],
        "scale": scales.get(score.metric),
    }


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


def _table(data: bytes | None, schema: pa.Schema, path: Place) -> pa.Table:
    if data is None:
        return schema.empty_table()
    try:
        coded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        with pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True, read_dictionary=coded) as file:
            check_size(file, path)
            present = [name for name in schema.names if name not in ADDED or name in file.schema_arrow.names]
            return _widened(file.read(present), schema)
    except GenbenchError:
        raise
    except Exception as error:  # see `check`
        raise damaged(path, error) from None


def _widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in the schema's order and types, nulls in those columns of `ADDED` that it lacks."""
    for name in ADDED.intersection(schema.names).difference(table.column_names):
        table = table.append_column(name, pa.nulls(len(table), schema.field(name).type))
    return table.select(schema.names).cast(schema)
