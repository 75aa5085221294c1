"""What quality costs: time, arithmetic and memory, and which methods nobody beats in both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from genbench.report.aggregates import main_entries
from genbench.report.composite import COMPOSITE
from genbench.report.entries import Entry
from genbench.report.history import Histories, Tables, clocks_of, histories, of_method
from genbench.report.methods import Method, flops_until
from genbench.report.pareto import pareto_front
from genbench.store import Results

THRESHOLD = 0.5
"""The quality that counts as reached, as a normalised score: half of the way from trivial to real."""

COLUMNS = [
    *("task", "model", "metric", "value", "better", "samples_per_second", "training_seconds"),
    *("steps_to_threshold", "seconds_to_threshold", "flops_to_threshold", "peak_bytes", "pareto"),
]


def costs(results: Results, made: Sequence[Entry], threshold: float = THRESHOLD) -> pd.DataFrame:
    """`priced` with the histories of results; it reads every trace."""
    return priced(histories(results), made, threshold)


def priced(known: Histories, made: Sequence[Entry], threshold: float = THRESHOLD) -> pd.DataFrame:
    """Cost of each finished method in its task's main metric, less composites; see `main_entries`.

    The threshold is reached at the first look at which the mean over seeds reaches it, a lost seed counting
    as trivial; looks are few, so the true step lies up to one look earlier. NaN if it never is, or unknown.

    Returns:
        A row a task and method with the columns `COLUMNS`. Seconds are those of all seeds of a run together,
        FLOPs those of one seed, `peak_bytes` those of training. `pareto`: no other method is both at least
        as good and as quick to train, in training seconds, and better in one.
    """
    single = [entry for entry in made if entry.metric != COMPOSITE]  # looks have no composite
    rows = [_row(entry, known, threshold) for entry in main_entries(single)]
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"pareto": bool})
    for _, own in frame.groupby("task"):
        sign = 1 if own["better"].iloc[0] == "higher" else -1
        front = pareto_front(sign * own["value"].to_numpy(float), own["training_seconds"].to_numpy(float))
        frame.loc[own.index, "pareto"] = front
    return frame


def _row(entry: Entry, known: Histories, threshold: float) -> dict[str, Any]:
    method = entry.method
    step = steps_to(entry, {path: known[path].scores for path in method.paths if path in known}, threshold)
    return {
        "task": method.task,
        "model": method.model,
        "metric": entry.metric,
        "value": entry.mean,
        "better": entry.better,
        "samples_per_second": method.examples_per_second,
        "training_seconds": method.training_seconds,
        "steps_to_threshold": step,
        "seconds_to_threshold": _seconds(method, known, step),
        "flops_to_threshold": flops_until(method.cost.get("flops", []), step),
        "peak_bytes": method.cost.get("peak_bytes", math.nan),
        "pareto": False,
    }


def steps_to(entry: Entry, scores: Mapping[str, Tables], threshold: float) -> float:
    """First look at which the mean of the normalised scores over all seeds reaches the threshold, or NaN.

    Args:
        scores: of each run, by its path.
    """
    table = of_method(entry.method, scores).get(str(entry.metric))
    if table is None:
        return math.nan
    normalised = entry.anchors.normalised(np.where(np.isfinite(table.values), table.values, np.nan))
    means = np.nansum(normalised, axis=1) / len(entry.method.seeds)
    reached = table.steps[means >= threshold]
    return float(reached[0]) if len(reached) else math.nan


def _seconds(method: Method, known: Histories, step: float) -> float:
    """Training seconds at a step, on the mean over a method's runs."""
    found = [seconds for clock in clocks_of(method, known) for seconds in clock.seconds[clock.step == step]]
    return float(np.mean(found)) if found else math.nan
