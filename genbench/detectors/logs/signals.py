"""The cells of a log as a tidy frame of signals, runs told apart; and a word on all that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from genbench.detectors.logs.columns import of_columns
from genbench.detectors.logs.names import canonical
from genbench.detectors.logs.reading import (
    Reading,
    attempts_of,
    check_mapping,
    phases_of,
    rename,
    run_of,
    say_unknown,
    when,
)
from genbench.detectors.logs.table import Table, counted, listed
from genbench.types import InputError

TIDY = {"signal", "value"}
_REPEATED = 0.25
"""Share of values whose step has one already, from which the file holds several to a step."""


def signals(table: Table, mapping: Mapping[str, str], path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Rows in the order of time with seed, step, signal, value, written; and notes.

    Raises:
        InputError: a column to map is not there, or there are no steps or no numbers.
    """
    cells = table.cells.set_axis(list(map(str, table.cells.columns)), axis=1)
    reading = Reading(path, cells, table.comma, mapping, list(table.notes))
    tidy = set(cells.columns) >= TIDY
    check_mapping(reading, tidy)
    rename(reading)
    long = _of_tidy(reading) if tidy else of_columns(reading)
    if not long["written"].any():
        raise InputError(f"{path} holds no numbers with a step; a log needs a step and at least one signal")
    long = _several_to_a_step(reading, long)
    return _with_seeds(reading, long), reading.notes


def _of_tidy(reading: Reading) -> pd.DataFrame:
    steps, _, _ = when(reading)
    _, runs = run_of(reading)
    value = reading.numbers("value")
    names = reading.cells["signal"].map(lambda cell: str(cell) if isinstance(cell, (str, int)) else "")
    nameless = (names == "").to_numpy(bool)
    if nameless.any():
        reading.notes.append(f"{counted(int(nameless.sum()), 'row')} without a signal's name left out")
    renamed = {name: to for name, to in reading.mapping.items() if name in set(names)}
    mapped = {name: renamed.get(name, to) for name, to in {**canonical(names.unique()), **renamed}.items()}
    signal = names.replace(mapped) if mapped else names
    say_unknown(reading, list(signal[~nameless].unique()))
    _, lead = phases_of(reading)
    named = lead + signal.to_numpy(object)
    long = pd.DataFrame({"run": runs, "step": steps, "signal": named, "value": value.values})
    long = long.assign(written=value.written, attempt=0, repeatable=False)[
        value.due & ~np.isnan(steps) & ~nameless
    ]
    return attempts_of(reading, long, ["run", "signal"])


def _several_to_a_step(reading: Reading, long: pd.DataFrame) -> pd.DataFrame:
    """Values that share a step with an earlier one: counted in a log by epochs, else those of other runs."""
    keys = ["run", "attempt", "signal", "step"]
    again = long[long["written"]].groupby(keys, sort=False, dropna=False).cumcount()
    if not len(again) or (again > 0).mean() == 0:
        return long
    if (again > 0).mean() < _REPEATED:
        reading.notes.append(
            f"{counted(int((again > 0).sum()), 'value')} at a step that has one already, kept"
        )
        return long
    if long["repeatable"].all():
        reading.notes.append("several rows to an epoch: rows are counted instead of epochs")
        return long.assign(step=long["place"])
    reading.notes.append(
        f"a step stands up to {int(again.max()) + 1} times: told apart as runs of their own, in the order of "
        "the file; a column that names the run is given by --map COLUMN=run"
    )
    times = long.groupby(keys, sort=False, dropna=False).cumcount()
    return long.assign(attempt=long["attempt"] * (int(times.max()) + 1) + times)


def _with_seeds(reading: Reading, long: pd.DataFrame) -> pd.DataFrame:
    """Seeds as they are if they are whole numbers and nothing began again, else numbered as runs appear."""
    whole_numbers = all(isinstance(run, int) for run in long["run"]) and not long["attempt"].any()
    if whole_numbers:
        seed = long["run"].astype(np.int64)
    else:
        labels = list(zip(long["run"], long["attempt"], strict=True))
        numbered = {label: number for number, label in enumerate(dict.fromkeys(labels))}
        seed = pd.Series([numbered[label] for label in labels], index=long.index, dtype=np.int64)
        if len(numbered) > 1:
            named = [f"seed {n} is {_label(*label)}" for label, n in numbered.items()]
            reading.notes.append(listed(named, 20))
    long = long.assign(seed=seed, step=long["step"].astype(np.int64))
    return long.sort_values("step", kind="stable")[["seed", "step", "signal", "value", "written"]]


def _label(run: object, attempt: int) -> str:
    name = f"run {run}".strip() if str(run) else ""
    return f"{name}, attempt {attempt + 1}".lstrip(", ") if attempt or not name else name
