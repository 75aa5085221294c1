"""One rising count of steps: epochs and iterations joined, fractions numbered, restarts told apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.detectors.logs.table import counted, listed

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LARGEST = 2.0**53
"""Steps from here on are none: a float no longer counts one by one."""
_OFTEN = 0.25
"""Share of falling steps from which a file is no sequence of runs but a mixture."""
_MOST = 200
"""Falls that are followed one by one."""


class Attempts(NamedTuple):
    """Steps of one file, in its order, told apart.

    Attributes:
        run: (n,), which of the runs that follow each other a row belongs to.
        kept: (n,), False for rows that a restart from an earlier step has replaced.
        said: what was done, if anything had to be.
    """

    run: Integers
    kept: NDArray[np.bool_]
    said: str | None


def joined(count: Floats | None, epoch: Floats | None) -> tuple[Floats | None, str | None]:
    """Steps from a count and epochs, where the count begins again with each; and what was done."""
    if count is None or epoch is None:
        return (epoch if count is None else count), None
    epoch = np.asarray(pd.Series(epoch).ffill().bfill(), np.float64)
    known = np.flatnonzero(np.isfinite(count) & np.isfinite(epoch))
    rises = np.diff(epoch[known]) > 0
    if not rises.any() or np.any(epoch[known] != np.floor(epoch[known])):
        return count, None
    constant = len(np.unique(count[known])) == 1
    falls = rises & (np.diff(count[known]) < 0)
    if not constant and falls.sum() < rises.sum() / 2:
        return count, None
    first, most = (float(reduce(count[known])) for reduce in (np.min, np.max))
    length = most + (first == 0)
    since = min(1.0, float(epoch[known].min()))
    said = f"iterations begin again with each epoch: steps are counted on, {length:g} to an epoch"
    return (epoch - since) * length + count, said


def whole(steps: Floats) -> tuple[Floats, str | None]:
    """Whole steps as they are; fractions, such as parts of epochs, by their rank; and what was done."""
    known = np.isfinite(steps) & (np.abs(steps) < LARGEST)
    steps = np.where(known, steps, np.nan)
    if not known.any() or np.all(steps[known] == np.floor(steps[known])):
        return steps, None
    values, ranks = np.unique(steps[known], return_inverse=True)
    numbered = steps.copy()
    numbered[known] = ranks
    ends = f"0 is {values[0]:g} and {len(values) - 1} is {values[-1]:g}"
    return numbered, f"steps are no whole numbers and are numbered in their order: {ends}"


def attempts(steps: Integers) -> Attempts:
    """Runs in steps that fall: to the beginning is a run of its own, to the middle the same run resumed.

    Args:
        steps: (n,), in the order of the file.
    """
    falls = np.flatnonzero(np.diff(steps) < 0) + 1
    same, all_kept = np.zeros(len(steps), np.int64), np.ones(len(steps), bool)
    if not len(falls):
        return Attempts(same, all_kept, None)
    if len(falls) > max(3, min(_OFTEN * len(steps), _MOST)):
        return _mixed(steps)
    run, kept, begun, said = same, all_kept, 0, dict[str, list[str]]()
    for place, end in zip(falls, [*falls[1:], len(steps)], strict=True):
        earlier = (run == begun) & kept
        earlier[place:] = False
        if steps[place] <= steps[earlier].min(initial=LARGEST):
            begun += 1
            said.setdefault("steps begin again, and what follows is a run of its own", []).append(
                str(place + 1)
            )
        else:
            replaced = earlier & (steps >= steps[place])
            kept[replaced] = False
            gone = (
                f"{place + 1}, to step {steps[place]}: {counted(int(replaced.sum()), 'row')} written before"
            )
            said.setdefault("steps go back, and what they replace is left out", []).append(gone)
        run[place:end] = begun
    return Attempts(
        run, kept, "; ".join(f"{what} (from row {listed(rows, 3)})" for what, rows in said.items())
    )


def occurrence(steps: Integers) -> Integers:
    """How often each step has stood before: (n,)."""
    return np.asarray(pd.Series(steps).groupby(steps, sort=False).cumcount(), np.int64)


def _mixed(steps: Integers) -> Attempts:
    """Steps in no order: newest first, or shuffled, or of several runs that write side by side."""
    run, kept = occurrence(steps), np.ones(len(steps), bool)
    if not run.any():
        return Attempts(run, kept, "rows are in no rising order and are sorted by step")
    runs = int(run.max()) + 1
    return Attempts(
        run, kept, f"steps of {runs} runs stand side by side: told apart by how often a step has stood before"
    )
