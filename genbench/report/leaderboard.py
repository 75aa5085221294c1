"""Who is best at what: one row a task, method and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from genbench.report.entries import THROUGHPUT, Entry, by_seed, entries
from genbench.report.methods import Method
from genbench.report.ranking import ranking
from genbench.report.statistics import share, student
from genbench.store import Results

COLUMNS = [
    *("task", "model", "metric", "value", "ci_low", "ci_high", "seeds", "failed"),
    *("better", "rank", "rank_low", "rank_high", "group"),
    *("failure_rate", "failure_low", "failure_high", "trivial", "real", "status", "reason"),
]

__all__ = ["COLUMNS", "THROUGHPUT", "leaderboard"]


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
        - `rank_low`, `rank_high`: simultaneous 95 % interval of the rank; see `genbench.report.ranking`.
        - `group`: letters; methods that share one cannot be told apart.
        - `failure_rate`, `failure_low`, `failure_high`: share of seeds that failed or in which a detector
          found a failure, with Wilson's 95 % interval.
        - `trivial`, `real`: the metric's score of a trivial sampler, a Gaussian fitted to the training data,
          and of real data against real data.
        - `status`, `reason`: of the method's runs.

    Raises:
        InputError: there is no run of `task`.
    """
    return tabulate(results, entries(results, task))


def tabulate(results: Results, made: Sequence[Entry]) -> pd.DataFrame:
    """The leaderboard of entries that are made already."""
    found = failing_seeds(results)
    rows = [_row(entry, _failures(entry.method, found)) for entry in made]
    board = pd.DataFrame(rows, columns=[*COLUMNS, "cost", "lost"])
    board = board.assign(rank=_ranks(board), **_uncertain_ranks(made))
    return _sorted(board)


def failing_seeds(results: Results) -> dict[str, set[int]]:
    """Seeds in which a detector found a failure, by the path of their run."""
    detected = results.verdicts[results.verdicts["verdict"] == "detected"]
    found: dict[str, set[int]] = {}
    for path, seed in zip(detected["path"].tolist(), detected["seed"].tolist(), strict=True):
        found.setdefault(path, set()).add(seed)
    return found


def _failures(method: Method, detected: Mapping[str, set[int]]) -> dict[str, float]:
    if method.status == "skipped":
        return {}
    failing = method.failed.union(*(detected.get(path, ()) for path in method.paths))
    interval = share(len(failing), len(method.seeds))
    return dict(zip(("failure_rate", "failure_low", "failure_high"), interval, strict=True))


def _row(entry: Entry, failures: dict[str, float]) -> dict[str, Any]:
    method = entry.method
    mean = student(entry.counted)
    return {
        "task": method.task,
        "model": method.model,
        "metric": entry.metric,
        "value": mean.value,
        "ci_low": mean.low,
        "ci_high": mean.high,
        "seeds": len(method.seeds),
        "failed": len(method.failed),
        "better": entry.better,
        **failures,
        "trivial": entry.anchors.trivial,
        "real": entry.anchors.real,
        "status": method.status,
        "reason": method.reason,
        "cost": entry.costs.mean() if entry.ranked and len(entry.seeds) else np.nan,
        "lost": entry.lost,
    }


def _ranks(board: pd.DataFrame) -> pd.Series:
    """Rank by cost and, where costs tie, by how many seeds were lost."""
    places = board.groupby(["task", "metric"])["cost"].rank(method="dense")
    board = board.assign(place=places * (1 + board["lost"].max()) + board["lost"])
    return board.groupby(["task", "metric"])["place"].rank(method="min").astype("Int64")


def _uncertain_ranks(made: Sequence[Entry]) -> dict[str, pd.Series]:
    """Rank intervals and groups in the order of the entries; missing where there is no rank."""
    low, high = (pd.Series(pd.NA, index=range(len(made)), dtype="Int64") for _ in range(2))
    group = pd.Series(None, index=range(len(made)), dtype=object)
    together: dict[tuple[str, str | None], list[int]] = {}
    for index, entry in enumerate(made):
        if entry.ranked and np.isfinite(entry.costs).any():
            together.setdefault((entry.method.task, entry.metric), []).append(index)
    for indices in together.values():
        own = [made[index] for index in indices]
        low[indices], high[indices], group[indices] = ranking(by_seed(own, [entry.costs for entry in own]))
    return {"rank_low": low, "rank_high": high, "group": group}


def _sorted(board: pd.DataFrame) -> pd.DataFrame:
    """By task, metric and rank: a task's metrics as it was first scored in them, then throughput.

    A task's first metric orders its methods, so what other tasks are scored in must not matter here.
    """
    places: dict[tuple[str, str | None], int] = {}
    for pair in zip(board["task"], board["metric"], strict=True):
        places.setdefault(pair, len(places))
    tasks = {name: place for place, name in enumerate(board["task"].unique())}
    keys = board.assign(
        task_place=board["task"].map(tasks),
        last=board["metric"].isna() * 2 + (board["metric"] == THROUGHPUT),
        metric_place=[places[pair] for pair in zip(board["task"], board["metric"], strict=True)],
    )
    order = ["task_place", "last", "metric_place", "rank", "model"]
    return keys.sort_values(order, ignore_index=True)[COLUMNS]
