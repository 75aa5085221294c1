"""A table being read: its numbers, its steps, its runs, and what has to be said of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.detectors.logs.names import (
    COUNTS,
    EPOCHS,
    FILLERS,
    PHASES,
    RUNS,
    first,
    is_known,
    is_time,
    plain,
    suggestion,
)
from genbench.detectors.logs.numbers import Numbers, numeric
from genbench.detectors.logs.steps import LARGEST, attempts, joined, whole
from genbench.detectors.logs.table import counted, listed, shown
from genbench.types import InputError

_MOST_PHASES = 8
PER_RUN = " - "
"""Between run and metric in the columns of a W&B export."""


@dataclass
class Reading:
    """A table on its way to a frame, and what has to be said of it."""

    path: Path
    cells: pd.DataFrame
    comma: bool
    mapping: Mapping[str, str]
    notes: list[str] = field(default_factory=list)

    def numbers(self, name: str) -> Numbers:
        """A column's numbers; cells that are none are said to be gaps, but not of a column that has none."""
        found = numeric(self.cells[name], self.comma)
        odd = np.flatnonzero(found.odd)
        if len(odd) and found.written.any():
            where = f"row {odd[0] + 1}: {shown(str(self.cells[name].iloc[odd[0]]))}"
            self.notes.append(
                f"{shown(name)}: {counted(len(odd), 'cell')} without a number now a gap ({where})"
            )
        return found


def check_mapping(reading: Reading, tidy: bool) -> None:
    columns = list(reading.cells.columns)
    known = dict.fromkeys([*columns, *(column.rpartition(PER_RUN)[2] for column in columns)])
    if tidy:
        known |= dict.fromkeys(map(str, reading.cells["signal"].unique()))
    for name in sorted(reading.mapping):
        if name not in known:
            raise InputError(
                f"{reading.path} has no column {name!r} to map; it has {listed(list(known), 40)}"
            )


def rename(reading: Reading) -> None:
    """Give columns the names that they are mapped to; a column that had such a name before is left out."""
    renamed = {
        name: _of_run(name, to) for name, to in reading.mapping.items() if name in reading.cells.columns
    }
    if len(set(renamed.values())) < len(renamed):
        raise InputError(f"{reading.path}: --map gives two columns the same name; give each its own")
    hidden = [name for name in renamed.values() if name in reading.cells.columns and name not in renamed]
    if hidden:
        reading.notes.append(f"left out, since another column has its name by --map: {listed(hidden)}")
    reading.cells = reading.cells.drop(columns=hidden).rename(columns=renamed)


def _of_run(name: str, to: str) -> str:
    """The new name of a column, which stays its run's if it was."""
    run, mark, _ = name.rpartition(PER_RUN)
    return to if PER_RUN in to or plain(to) in (*COUNTS, *EPOCHS, *RUNS) else run + mark + to


def when(reading: Reading) -> tuple[NDArray[np.float64], set[str], bool]:
    """Steps of all rows as written, the columns that say them, and whether these are epochs alone."""
    columns = [
        name for name in reading.cells.columns if numeric(reading.cells[name].head(1000)).written.any()
    ]
    count, epoch = first(columns, COUNTS), first(columns, EPOCHS)
    used = {name for name in (count, epoch) if name is not None}
    found, said = joined(*(None if name is None else reading.numbers(name).values for name in (count, epoch)))
    if found is None:
        found, said = _row_numbers(reading, columns), "no column says the step: rows are counted"
    filled = np.asarray(pd.Series(found).ffill(), np.float64)
    missing = int((np.isnan(found) & ~np.isnan(filled)).sum())
    if missing:
        reading.notes.append(f"{counted(missing, 'row')} without a step: the step of the row before")
    steps, ranked = whole(filled)
    reading.notes += [note for note in (said, ranked) if note]
    lost = int(np.isnan(steps).sum())
    if lost:
        reading.notes.append(f"{counted(lost, 'row')} without a step to count left out")
    return steps, used, count is None


def _row_numbers(reading: Reading, columns: list[str]) -> NDArray[np.float64]:
    """Numbers of rows, where no column could be meant as the step."""
    rising = []
    for name in columns:
        values = numeric(reading.cells[name], reading.comma).values
        if not is_time(name) and len(values) > 1 and np.all(np.diff(values) > 0) and np.all(values % 1 == 0):
            rising.append(name)
    if rising:
        raise InputError(
            f"{reading.path} has no step column; name it with --map COLUMN=step, such as "
            f"--map {shlex.quote(f'{rising[0]}=step')} (columns: {listed(list(reading.cells.columns))})"
        )
    return np.arange(len(reading.cells), dtype=np.float64)


def run_of(reading: Reading) -> tuple[str | None, NDArray[np.object_]]:
    """The column that tells runs apart, and each row's run."""
    name = first(reading.cells.columns, RUNS)
    if name is None:
        return None, np.full(len(reading.cells), "", dtype=object)
    runs = reading.cells[name]
    if not pd.api.types.is_integer_dtype(runs):
        numbers = numeric(runs)
        if (
            numbers.written.all()
            and np.all(numbers.values % 1 == 0)
            and np.all(np.abs(numbers.values) < LARGEST)
        ):
            runs = pd.Series(numbers.values.astype(np.int64))
        else:
            runs = runs.map(lambda cell: " ".join(str(cell).split()))
    return name, runs.to_numpy(object)


def phases_of(reading: Reading) -> tuple[str | None, NDArray[np.object_]]:
    """The column that tells training from validation, and what goes before each row's signals."""
    name = first(reading.cells.columns, PHASES)
    nothing = np.full(len(reading.cells), "", dtype=object)
    if name is None or name in reading.mapping.values():
        return None, nothing
    cells = reading.cells[name].map(lambda cell: shown(cell).strip() if isinstance(cell, str) else "")
    found = set(cells)
    if len(found - {""}) < 1 or len(found) > _MOST_PHASES or numeric(reading.cells[name]).written.any():
        return None, nothing
    lead = {phase: "" if phase.lower() in ("", *FILLERS) else f"{phase}/" for phase in found}
    return name, cells.map(lead).to_numpy(object)


def attempts_of(reading: Reading, rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows with the attempt that each belongs to, what restarts have replaced left out."""
    parts, said = [], dict[str, None]()
    for _, part in rows.groupby(keys, sort=False, dropna=False):
        found = attempts(part["step"].to_numpy(np.int64))
        if found.said:
            said[found.said] = None
        parts.append(part.assign(attempt=found.run)[found.kept])
    reading.notes += list(said)[:3]
    return pd.concat(parts) if parts else rows


def say_unknown(reading: Reading, names: list[str]) -> None:
    unknown = [name for name in names if not is_known(name)]
    line = suggestion(unknown, any_column=len(unknown) == len(names)) if unknown else None
    if unknown:
        what = (
            f"if one is a loss, write for example {line}"
            if line
            else "--map COLUMN=SIGNAL says what they are"
        )
        reading.notes.append(f"no detector knows these columns: {listed(unknown)}; {what}")
