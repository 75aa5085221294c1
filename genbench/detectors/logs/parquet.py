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
        texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        return Table(file.read().to_pandas())
