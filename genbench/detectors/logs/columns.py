"""Tables with a column a signal, of one run or of several (`run - metric`, as W&B exports them)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.detectors.logs.names import canonical, is_time
from genbench.detectors.logs.numbers import Numbers
from genbench.detectors.logs.reading import (
    PER_RUN,
    Reading,
    attempts_of,
    phases_of,
    run_of,
    say_unknown,
    when,
)
from genbench.detectors.logs.table import counted, listed


def of_columns(reading: Reading) -> pd.DataFrame:
    steps, used, epochs = when(reading)
    run, runs = run_of(reading)
    phase, lead = phases_of(reading)
    aside = {*used, run, phase, "seconds", "samples"}
    names = [name for name in reading.cells.columns if name not in aside and not is_time(name)]
    names = _without_bounds(reading, names)
    columns = {name: reading.numbers(name) for name in names}
    empty = [name for name, found in columns.items() if not found.written.any()]
    texts = [name for name in empty if columns[name].odd.any()]
    if texts:
        reading.notes.append(f"columns without numbers left out: {listed(texts)}")
    columns = _by_phase({name: found for name, found in columns.items() if name not in texts}, lead)
    rows = pd.DataFrame(
        {"run": runs, "step": steps, "place": np.arange(len(steps)), "phase": lead, "attempt": 0}
    )
    rows = attempts_of(reading, rows[~np.isnan(steps)], ["run", "phase"]).sort_values("place")
    places = rows["place"].to_numpy(np.int64)
    due = _due_by_run({name: _at(found, places) for name, found in columns.items()})
    parts = [
        rows.iloc[np.flatnonzero(due[name])].assign(
            column=name, value=found.values[places][due[name]], written=found.written[places][due[name]]
        )
        for name, found in columns.items()
    ]
    if not parts:
        return pd.DataFrame({"written": np.zeros(0, bool)})
    long = pd.concat(parts).sort_values("place", kind="stable")
    return _named(reading, long.assign(repeatable=epochs))


def _by_phase(columns: Mapping[str, Numbers], lead: NDArray[np.object_]) -> dict[str, Numbers]:
    """Each column once for each phase that has values in it, as if the others' rows had none."""
    found = {}
    for phase in dict.fromkeys(lead):
        here = lead == phase
        for name, column in columns.items():
            own = Numbers(column.values, *(each & here for each in (column.written, column.due, column.odd)))
            if own.written.any() or len(set(lead)) == 1:
                found[phase + name] = own
    return found


def _at(found: Numbers, places: NDArray[np.int64]) -> Numbers:
    return Numbers(found.values[places], found.written[places], found.due[places], found.odd[places])


def _without_bounds(reading: Reading, names: list[str]) -> list[str]:
    """Columns without those that only bound another one, as W&B exports them."""
    bounds = [name for name in names if name.endswith(("__MIN", "__MAX"))]
    bounds += [name for name in names if PER_RUN in name and name.endswith("_step")]
    if bounds:
        reading.notes.append(f"{counted(len(bounds), 'column')} of bounds and steps of runs left out")
    return [name for name in names if name not in set(bounds)]


def _several_runs(columns: Iterable[str]) -> bool:
    return all(PER_RUN in name for name in columns)


def _due_by_run(columns: Mapping[str, Numbers]) -> dict[str, NDArray[np.bool_]]:
    """See `_due`; where columns belong to runs, one run is no measure of another, which may be longer."""
    if not _several_runs(columns):
        return _due(columns)
    runs: dict[str, dict[str, Numbers]] = {}
    for name, found in columns.items():
        runs.setdefault(name.rpartition(PER_RUN)[0], {})[name] = found
    return {name: where for run in runs.values() for name, where in _due(run, several=True).items()}


def _due(columns: Mapping[str, Numbers], several: bool = False) -> dict[str, NDArray[np.bool_]]:
    """Where each column has a value or should: in rows with nothing else, or with what stands beside it.

    Rows of validation between those of training are no gaps of the training's losses.
    """
    if not columns:
        return {}
    written = np.stack([found.written for found in columns.values()], axis=1)
    alone = ~written.any(axis=1) & (not several)
    together = {}
    for place, (name, found) in enumerate(columns.items()):
        beside = written[written[:, place]].any(axis=0)
        together[name] = found.written | (found.due & (alone | written[:, beside].any(axis=1)))
    return together


def _named(reading: Reading, long: pd.DataFrame) -> pd.DataFrame:
    """Signals and runs from the names of columns."""
    columns = list(long["column"].unique())
    if _several_runs(columns):
        split = {name: name.rpartition(PER_RUN) for name in columns}
        long = long.assign(run=long["column"].map(lambda name: split[name][0]))
        metric = {name: split[name][2] for name in columns}
    else:
        metric = {name: name for name in columns}
    mapped = {name: to for name, to in reading.mapping.items() if name in metric.values()}
    chosen = set(reading.mapping.values())
    own = {name: to for name, to in canonical(dict.fromkeys(metric.values())).items() if to not in chosen}
    metric = {name: {**own, **mapped}.get(to, to) for name, to in metric.items()}
    say_unknown(reading, [name for name in dict.fromkeys(metric.values()) if name not in chosen])
    return long.assign(signal=long["column"].map(metric))
