"""Who is best at what: one row a task, method and metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from genbench.report.methods import ENDED, Method, methods
from genbench.store import Results
from genbench.types import InputError

COLUMNS = [
    *("task", "model", "metric", "value", "ci_low", "ci_high", "seeds", "failed"),
    *("better", "rank", "status", "reason"),
]
THROUGHPUT = "samples_per_second"


def leaderboard(results: Results, task: str | None = None) -> pd.DataFrame:
    """Every method's scores at the last step of each of its seeds; no best-of, no seed left out.

    Runs of one model in one configuration are one method, over all their distinct seeds. Where a model has
    several configurations on a task, its name says what differs, as in ``gan[width=64]``; so does a task's
    where its options or data differ. Throughput of training is the metric ``samples_per_second``: examples
    consumed a second, all seeds of a run together. A method that was skipped has one row, without a metric.

    Args:
        task: keep the runs of this task only.

    Returns:
        A frame, sorted by task, metric and rank, with the columns `task`, `model`, `metric` and

        - `value`: mean over the seeds that did not fail and whose score is finite.
        - `ci_low`, `ci_high`: 95 % Student-t interval of that mean over seeds; NaN for fewer than two.
        - `seeds`, `failed`: how many seeds were trained, and how many of them failed.
        - `better`: ``higher`` or ``lower``.
        - `rank`: from 1, ties share the better rank. For ranking alone, a seed that failed or whose score is
          not finite takes the worst finite score that any seed of any method has on that task and metric;
          at equal means the method that lost fewer seeds comes first. NA for a method that is not finished.
        - `status`, `reason`: of the method's runs.

    Raises:
        InputError: there is no run of `task`.
    """
    records = results.records
    if task is not None:
        records = records[records["task"] == task]
        if records.empty:
            known = ", ".join(sorted(results.records["task"].unique())) or "none"
            raise InputError(f"there is no run of task {task!r}; there are runs of {known}")
    entries = _entries(methods(records), results.scores)
    worst = _worst(entries)
    board = pd.DataFrame([_row(entry, worst) for entry in entries], columns=[*COLUMNS, "cost", "lost"])
    return _sorted(board.assign(rank=_ranks(board)), results.scores["metric"].unique().tolist())


class _Entry(NamedTuple):
    """A method's scores in one metric.

    Attributes:
        metric: None for a method that was skipped.
        values: of the seeds that count.
        lost: how many seeds failed or have no finite score.
    """

    method: Method
    metric: str | None
    better: str | None
    values: np.ndarray
    lost: int


def _entries(methods: Sequence[Method], scores: pd.DataFrame) -> list[_Entry]:
    better = dict(zip(scores["metric"], scores["better"], strict=True))
    lasts = [_last(method, scores) for method in methods]
    scored: dict[str, list[str]] = {}
    for method, last in zip(methods, lasts, strict=True):
        scored.setdefault(method.task, []).extend(last["metric"].unique())
    entries = []
    for method, last in zip(methods, lasts, strict=True):
        if method.status == "skipped":
            entries.append(_Entry(method, None, None, np.empty(0), 0))
        # A method that failed before any score has failed in whatever others were scored in.
        metrics = scored[method.task] if last.empty and method.failed else last["metric"]
        for metric in dict.fromkeys(metrics):
            values, lost = _counted(method, last[last["metric"] == metric])
            entries.append(_Entry(method, metric, better[metric], values, lost))
        if method.examples_per_second > 0:
            entries.append(_Entry(method, THROUGHPUT, "higher", np.array([method.examples_per_second]), 0))
    return entries


def _last(method: Method, scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of a method at the last step of each seed."""
    own = scores[scores["path"].isin(method.paths)]
    final = own.groupby(["metric", "seed"])["step"].transform("max") == own["step"]
    return own[final].drop_duplicates(["metric", "seed"])


def _counted(method: Method, last: pd.DataFrame) -> tuple[np.ndarray, int]:
    """Values of the seeds that count, and how many do not."""
    good = np.isfinite(last["value"]) & ~last["seed"].isin(method.failed)
    return last.loc[good, "value"].to_numpy(), len(method.failed | set(last.loc[~good, "seed"]))


def _worst(entries: Sequence[_Entry]) -> dict[tuple[str, str | None], float]:
    """The worst score of any seed, by task and metric; there is none where no seed has one."""
    pooled: dict[tuple[str, str | None], list[_Entry]] = {}
    for entry in entries:
        if len(entry.values):
            pooled.setdefault((entry.method.task, entry.metric), []).append(entry)
    return {
        key: float((np.min if own[0].better == "higher" else np.max)(np.concatenate([e.values for e in own])))
        for key, own in pooled.items()
    }


def _row(entry: _Entry, worst: dict[tuple[str, str | None], float]) -> dict[str, Any]:
    method, values = entry.method, entry.values
    mean = float(values.mean()) if len(values) else math.nan
    half = _half_interval(values)
    filled = [*values, *[worst.get((method.task, entry.metric), math.nan)] * entry.lost]
    ranked = float(np.mean(filled)) if filled and method.status in ENDED else math.nan
    return {
        "task": method.task,
        "model": method.model,
        "metric": entry.metric,
        "value": mean,
        "ci_low": mean - half,
        "ci_high": mean + half,
        "seeds": len(method.seeds),
        "failed": len(method.failed),
        "better": entry.better,
        "status": method.status,
        "reason": method.reason,
        "cost": -ranked if entry.better == "higher" else ranked,
        "lost": entry.lost,
    }


def _ranks(board: pd.DataFrame) -> pd.Series:
    """Rank by cost and, where costs tie, by how many seeds were lost."""
    places = board.groupby(["task", "metric"])["cost"].rank(method="dense")
    board = board.assign(place=places * (1 + board["lost"].max()) + board["lost"])
    return board.groupby(["task", "metric"])["place"].rank(method="min").astype("Int64")


def _half_interval(values: np.ndarray) -> float:
    n = len(values)
    return float(stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan


def _sorted(board: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    order = {name: place for place, name in enumerate(dict.fromkeys([*metrics, THROUGHPUT]))}
    tasks = {name: place for place, name in enumerate(board["task"].unique())}
    keys = board.assign(
        task_place=board["task"].map(tasks),
        metric_place=board["metric"].map(order).fillna(len(order)),
    )
    return keys.sort_values(["task_place", "metric_place", "rank", "model"], ignore_index=True)[COLUMNS]
