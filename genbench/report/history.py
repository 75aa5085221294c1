"""What happened along each run: its scores and signals as tables, and its clock. Each trace is read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from genbench.detectors.series import Series, Signals
from genbench.report.methods import Method
from genbench.report.seed_table import Columns, SeedTable, merged, seed_tables
from genbench.store import Results, RunFolder

Tables = Mapping[str, SeedTable]


class Clock(NamedTuple):
    """When a run was at a step, ascending: seconds of training, samples seen by a seed, shape (T,) each."""

    step: NDArray[np.int64]
    seconds: NDArray[np.float64]
    samples: NDArray[np.int64]


class History(NamedTuple):
    """One run along training.

    Attributes:
        scores, signals: by their names.
        clock: the same for all its seeds; None of a run without a trace.
    """

    scores: Tables
    signals: Tables
    clock: Clock | None

    @property
    def tables(self) -> dict[str, SeedTable]:
        return {**self.scores, **self.signals}

    def signals_of(self, seed: int) -> Signals:
        """What detectors read of one seed: its finite values."""
        return Signals(seed, {name: s for name, table in self.signals.items() if (s := _series(table, seed))})


Histories = Mapping[str, History]
"""By the path of a run."""


def histories(
    results: Results, seen: Callable[[RunFolder, pa.Table], object] = lambda folder, trace: None
) -> dict[str, History]:
    """The history of every run, by its path.

    Args:
        seen: is handed each trace as it is read, so that nobody needs to read it again or to keep it.
    """
    scores = score_tables(results)
    found = {}
    for folder in results.folders:
        trace, path = folder.trace_table(), str(folder.path)
        seen(folder, trace)
        found[path] = History(scores.get(path, {}), *_signals(trace))
    return found


def score_tables(results: Results) -> dict[str, Tables]:
    """The scores of each run, by its path."""
    frame = results.scores
    codes, names = pd.factorize(frame["metric"])
    runs, paths = pd.factorize(frame["path"])
    steps, seeds, values = (frame[name].to_numpy() for name in ("step", "seed", "value"))
    columns = Columns(codes, steps, seeds, values.astype(float))
    changes = (np.flatnonzero(np.diff(runs)) + 1).tolist()  # a run's rows lie together
    starts, stops = [0, *changes] if len(runs) else [], [*changes, len(runs)]
    return {
        str(paths[runs[start]]): seed_tables(list(names), columns.taken(slice(start, stop)))
        for start, stop in zip(starts, stops, strict=False)
    }


def of_method(method: Method, own: Mapping[str, Tables]) -> dict[str, SeedTable]:
    """The tables of all runs of a method together, by the names of what was measured."""
    runs = [own[path] for path in method.paths if path in own]
    names = dict.fromkeys(name for tables in runs for name in tables)
    return {name: merged([tables[name] for tables in runs if name in tables]) for name in names}


def clocks_of(method: Method, known: Histories) -> list[Clock]:
    """The clocks of its runs that have one."""
    runs = (known[path].clock for path in method.paths if path in known)
    return [clock for clock in runs if clock is not None]


def _signals(trace: pa.Table) -> tuple[dict[str, SeedTable], Clock | None]:
    if not trace.num_rows:
        return {}, None
    signal = trace["signal"].combine_chunks()
    signal = signal.chunk(0) if isinstance(signal, pa.ChunkedArray) else signal
    step, seed, value, seconds, samples = (
        trace[name].to_numpy() for name in ("step", "seed", "value", "seconds", "samples")
    )
    columns = Columns(signal.indices.to_numpy(), step, seed, value)
    _, first = np.unique(step, return_index=True)
    return seed_tables(signal.dictionary.to_pylist(), columns), Clock(
        step[first], seconds[first], samples[first]
    )


def _series(table: SeedTable, seed: int) -> Series | None:
    own = table.values[:, table.seeds == seed].ravel()
    finite = np.isfinite(own)
    return Series(table.steps[finite], own[finite]) if finite.any() else None
