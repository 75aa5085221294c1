"""Logs as Parquet."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genbench.detectors.logs.files import regular
from genbench.detectors.logs.table import Table
from genbench.store.tables import check_size


def read_parquet(path: Path) -> Table:
    """The table of a Parquet file; texts stay dictionaries, so that equal ones need their memory once.

    Raises:
        InputError: it is no regular file, or would not fit into memory.
    """
    regular(path)
    with pq.ParquetFile(path) as file:
        check_size(file, path)
        texts = [field.name for field in file.schema_arrow if field.type in (pa.string(), pa.large_string())]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        cells = file.read().to_pandas()
    for name in texts:  # no text is a value that was not written, as an empty cell of a CSV is
        cells[name] = cells[name].astype(object).where(cells[name].notna(), "")
    return Table(cells)
