"""Values of seeds along training as a plain array; frames by the thousand would be slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class SeedTable(NamedTuple):
    """One metric or signal of a run or a method.

    Attributes:
        steps, seeds: ascending, shapes (T,) and (S,).
        values: shape (T, S), NaN where a seed has none.
    """

    steps: NDArray[np.int64]
    seeds: NDArray[np.int64]
    values: NDArray[np.float64]


class Columns(NamedTuple):
    """A tidy table, a row a value: codes of what was measured, steps, seeds and values, shape (n,) each."""

    codes: NDArray[np.integer]
    steps: NDArray[np.int64]
    seeds: NDArray[np.int64]
    values: NDArray[np.float64]

    def taken(self, rows: NDArray[np.int64] | slice) -> Columns:
        """Some of the rows, in that order."""
        return Columns(self.codes[rows], self.steps[rows], self.seeds[rows], self.values[rows])


def seed_tables(names: Sequence[object], columns: Columns) -> dict[str, SeedTable]:
    """A table for each metric or signal as they appear; of two values of a seed at a step the first counts.

    Args:
        names: what the codes 0, 1, … stand for.
    """
    order = np.argsort(columns.codes, kind="stable")
    ordered = columns.taken(order)
    present, starts = np.unique(ordered.codes, return_index=True)
    stops = [*starts.tolist()[1:], len(order)]
    return {
        str(names[present[index]]): _table(ordered.taken(slice(int(starts[index]), stops[index])))
        for index in np.argsort(order[starts]).tolist()
    }


def merged(tables: Sequence[SeedTable]) -> SeedTable:
    """The tables of several runs as one; where they overlap the first counts."""
    if len(tables) == 1:
        return tables[0]
    steps, seeds = (np.unique(np.concatenate(parts)) for parts in list(zip(*tables, strict=True))[:2])
    values = np.full((len(steps), len(seeds)), np.nan)
    for table in reversed(tables):
        values[np.ix_(np.searchsorted(steps, table.steps), np.searchsorted(seeds, table.seeds))] = (
            table.values
        )
    return SeedTable(steps, seeds, values)


def _table(own: Columns) -> SeedTable:
    steps, row = np.unique(own.steps, return_inverse=True)
    seeds, column = np.unique(own.seeds, return_inverse=True)
    values = np.full(len(steps) * len(seeds), np.nan)
    cells = row * len(seeds) + column
    first: NDArray[np.int64] | slice = slice(None)
    if np.bincount(cells).max() > 1:
        _, first = np.unique(cells, return_index=True)
    values[cells[first]] = own.values[first]
    return SeedTable(steps, seeds, values.reshape(len(steps), len(seeds)))
