"""What the signals of runs did, a number a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.claims.designs.final_scores import ended
from genbench.store import Results

Values = NDArray[np.float64]


class Course(NamedTuple):
    """One number of one signal.

    Attributes:
        reduce: values in the order of their steps, over the second half of the run → a number.
    """

    signal: str
    reduce: Callable[[Values], float]


def level(values: Values) -> float:
    """Their mean."""
    return float(np.mean(values))


def rise(values: Values) -> float:
    """Mean of the last fifth minus mean of the first one."""
    fifth = max(1, len(values) // 5)
    return float(np.mean(values[-fifth:]) - np.mean(values[:fifth]))


def swing(values: Values) -> float:
    """Standard deviation around the straight line through them, over their mean size."""
    at = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(at, values, 1), at)
    return float(rest.std() / max(float(np.abs(values).mean()), 1e-12))


def with_signals(
    results: Results, courses: Mapping[str, Course], options: Sequence[str] = ()
) -> pd.DataFrame:
    """`ended`, with a column for each of `courses`; NaN where a seed has no such signal."""
    frame = ended(results, options)
    traces = results.traces
    late = traces[traces["step"] > traces.groupby("path")["step"].transform("max") / 2]
    for name, course in courses.items():
        own = late[late["signal"] == course.signal].sort_values("step").groupby(["path", "seed"])["value"]
        values = own.agg(partial(_reduced, course)).rename(name)
        frame = frame.merge(values.reset_index(), on=["path", "seed"], how="left")
    return frame.drop(columns="path")


def _reduced(course: Course, values: pd.Series[float]) -> float:
    return course.reduce(np.asarray(values, dtype=np.float64))
