"""Who is best at what: one row a task, method and metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from genbench.report.composite import left_out
from genbench.report.entries import THROUGHPUT, Entry, by_seed, entries
from genbench.report.failures import Failures, count_failures
from genbench.report.power import to_separate
from genbench.report.ranking import ranking
from genbench.report.statistics import student
from genbench.store import Results

COLUMNS = [
    *("task", "model", "metric", "value", "ci_low", "ci_high", "seeds", "failed"),
    *("better", "scale", "rank", "rank_low", "rank_high", "group", "needed"),
    *Failures._fields,
    *("work", "trivial", "real", "below_trivial", "flags", "status", "reason"),
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
        - `better`: ``higher`` or ``lower``; `scale`: where scores are compared, ``identity``, ``log``
          or ``logit``; see `genbench.report.scales`.
        - `rank`: by the mean on the scale, from 1, ties share the better rank. For ranking alone, a seed that
          failed or whose score is not finite takes the worst finite score that any seed of any method has on
          that task and metric; at equal means the method that lost fewer seeds comes first. NA for a method
          that is not finished, for a score that a flag says compares with no other, and for throughput, of
          which there is one value.
        - `rank_low`, `rank_high`: simultaneous 95 % interval of the rank; see `genbench.report.ranking`.
        - `group`: letters; methods that share one cannot be told apart.
        - `needed`: where no two methods of a table can be told apart, how many seeds a method it would take
          to tell this one from the best; NA elsewhere, for the best itself, and if 100,000 are not enough.
        - `judged`, `failures`: of how many seeds it can be said whether they failed, and how many of them
          did: in training, by a failure that a detector found, or by a score below the trivial sampler's;
          see `genbench.report.failures`.
        - `failure_rate`, `failure_low`, `failure_high`: failures / judged with Wilson's 95 % interval.
        - `symptoms`: seeds with a symptom that is no failure's cause or consequence; it never ranks.
        - `work`: floating-point operations of one seed's whole run; NaN if unknown.
        - `trivial`, `real`: the metric's score of a trivial sampler, a Gaussian fitted to the training data,
          and of real data against real data.
        - `below_trivial`: whether the method's mean is worse than the trivial sampler's score, beyond the
          noise of both; see `Anchors.below`.
        - `flags`: what a reader of the scores must know, a tuple.
        - `status`, `reason`: of the method's runs.

    A task that declares what ranks it (`Task.ranked_by`) has the metric ``composite`` before its others, see
    `genbench.report.composite`; ``attrs["notes"]`` of the frame says, by task, where that had to be left out.

    Raises:
        InputError: there is no run of `task`.
    """
    return tabulate(results, entries(results, task))


def tabulate(results: Results, made: Sequence[Entry]) -> pd.DataFrame:
    """The leaderboard of entries that are made already."""
    counted = count_failures(results, made)
    rows = [_row(entry, counted[entry.method.task, entry.method.model]) for entry in made]
    board = pd.DataFrame(rows, columns=[*COLUMNS, "cost", "lost"])
    ranked = board.assign(cost=board["cost"].where(np.array([e.ranked for e in made], dtype=bool)))
    board = board.assign(rank=_ranks(ranked), **_uncertain_ranks(made))
    board = _sorted(board)
    board.attrs["notes"] = left_out(made)
    return board


def _row(entry: Entry, failures: Failures) -> dict[str, Any]:
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
        "scale": None if entry.metric is None else entry.scale,
        **failures._asdict(),
        "work": method.work,
        "trivial": entry.anchors.trivial,
        "real": entry.anchors.real,
        "below_trivial": entry.scored and entry.anchors.below(entry.counted, entry.better),
        "flags": entry.flags,
        "status": method.status,
        "reason": method.reason,
        "cost": entry.costs.mean() if entry.scored and len(entry.seeds) else np.nan,
        "lost": entry.lost,
    }


def _ranks(board: pd.DataFrame) -> pd.Series:
    """Rank by cost and, where costs tie, by how many seeds were lost."""
    places = board.groupby(["task", "metric"])["cost"].rank(method="dense")
    board = board.assign(place=places * (1 + board["lost"].max()) + board["lost"])
    return board.groupby(["task", "metric"])["place"].rank(method="min").astype("Int64")


def _uncertain_ranks(made: Sequence[Entry]) -> dict[str, pd.Series]:
    """Rank intervals, groups and seeds needed in the order of the entries; missing where there is no rank."""
    index = range(len(made))
    low, high, needed = (pd.Series(pd.NA, index=index, dtype="Int64") for _ in range(3))
    group = pd.Series(None, index=index, dtype=object)
    together: dict[tuple[str, str | None], list[int]] = {}
    for place, entry in enumerate(made):
        if entry.ranked and np.isfinite(entry.costs).any():
            together.setdefault((entry.method.task, entry.metric), []).append(place)
    for places in together.values():
        costs = by_seed([made[place] for place in places], [made[place].costs for place in places])
        low[places], high[places], group[places], separated = ranking(costs)
        if not separated:
            seeds = to_separate(costs)[1]
            needed[places] = pd.array(np.where(seeds > 0, seeds, np.nan), dtype="Int64")
    return {"rank_low": low, "rank_high": high, "group": group, "needed": needed}


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
    order = ["task_place", "last", "metric_place", "rank", "cost", "model"]
    return keys.sort_values(order, ignore_index=True)[COLUMNS]
