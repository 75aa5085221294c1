"""The scores that stand for a method: those of the last step, a value a seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from genbench.report.anchors import Anchors
from genbench.report.composite import composites
from genbench.report.entry import THROUGHPUT, Entry, by_seed
from genbench.report.methods import Method, methods
from genbench.report.scales import scale_of
from genbench.store import Results
from genbench.types import InputError, compares

__all__ = ["THROUGHPUT", "Anchors", "Entry", "by_path", "by_seed", "entries", "last_rows", "last_scores"]


def entries(results: Results, task: str | None = None) -> list[Entry]:
    """Every method in every metric of its task, tasks and their methods in the order of their first runs.

    The composites of tasks that declare one come first; see `composites`. A method that failed before any
    score has lost all its seeds in whatever others were scored in.

    Raises:
        InputError: there is no run of `task`.
    """
    records = results.records if task is None else _of_task(results.records, task)
    found, scores = methods(records), by_path(results.scores)
    lasts = [last_rows(method, scores) for method in found]
    scored: dict[str, dict[str, None]] = {}
    for method, last in zip(found, lasts, strict=True):
        scored.setdefault(method.task, {}).update(dict.fromkeys(last))
    protocols, made = _protocols(results.scores), []
    for method, last in zip(found, lasts, strict=True):
        if method.status == "skipped":
            made.append(Entry(method, None, None, (), np.empty(0)))
        metrics = last or (scored[method.task] if method.failed else {})
        made += [_entry(method, m, protocols[m].better, last.get(m, {})) for m in metrics]
        if method.examples_per_second > 0:
            made.append(Entry(method, THROUGHPUT, "higher", (0,), np.array([method.examples_per_second])))
    single = _measured(made, protocols)
    tasks = list(dict.fromkeys(entry.method.task for entry in single))
    together = [*_measured(composites(single), {}), *single]
    return sorted(together, key=lambda entry: tasks.index(entry.method.task))


def by_path(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each run of a tidy frame."""
    return {str(path): own for path, own in frame.groupby("path", sort=False)}


def _of_task(records: pd.DataFrame, task: str) -> pd.DataFrame:
    chosen = records[records["task"] == task]
    if chosen.empty:
        known = ", ".join(sorted(records["task"].unique())) or "none"
        raise InputError(f"there is no run of task {task!r}; there are runs of {known}")
    return chosen


class Row(NamedTuple):
    """A score of one seed, as far as it is ranked."""

    value: float
    flags: tuple[str, ...]


def last_rows(method: Method, scores: Mapping[str, pd.DataFrame]) -> dict[str, dict[int, Row]]:
    """Metric → seed → score, at the last step of each seed; the first run that has one counts."""
    latest: dict[str, dict[int, tuple[int, Row]]] = {}
    for own in (scores[path] for path in method.paths if path in scores):
        columns = (own[name].tolist() for name in ("metric", "seed", "step", "value", "flags"))
        for metric, seed, step, value, flags in zip(*columns, strict=True):
            known = latest.setdefault(metric, {})
            if seed not in known or step > known[seed][0]:
                known[seed] = step, Row(value, flags)
    return {metric: {seed: row for seed, (_, row) in own.items()} for metric, own in latest.items()}


def last_scores(method: Method, scores: Mapping[str, pd.DataFrame]) -> dict[str, dict[int, float]]:
    """`last_rows`, the values alone."""
    found = last_rows(method, scores)
    return {metric: {seed: row.value for seed, row in own.items()} for metric, own in found.items()}


class _Protocol(NamedTuple):
    """What all scores of a metric have in common; `scale` is None in files of earlier versions."""

    better: str
    scale: object


def _protocols(scores: pd.DataFrame) -> dict[str, _Protocol]:
    """Of each metric: its direction, and the scale of the first score that tells one."""
    first = scores[["metric", "better", "scale"]].groupby("metric").first()
    return {str(name): _Protocol(row.better, row.scale) for name, row in first.iterrows()}


def _entry(method: Method, metric: str, better: str, scores: Mapping[int, Row]) -> Entry:
    """The seeds of a metric with their scores, NaN for seeds that are lost."""
    seeds = sorted(method.failed | scores.keys())
    good = {seed for seed, row in scores.items() if math.isfinite(row.value)} - method.failed
    values = np.array([scores[seed].value if seed in good else math.nan for seed in seeds], float)
    flags = tuple(dict.fromkeys(flag for row in scores.values() for flag in row.flags))
    return Entry(method, metric, better, tuple(seeds), values, flags=flags)


def _measured(made: Sequence[Entry], protocols: Mapping[str, _Protocol]) -> list[Entry]:
    """The entries with what depends on all of their task and metric: scale, anchors, and the worst score."""
    pooled: dict[tuple[str, str | None], list[Entry]] = {}
    for entry in made:
        pooled.setdefault((entry.method.task, entry.metric), []).append(entry)
    shared = {key: _shared(own, protocols) for key, own in pooled.items()}
    return [replace(entry, **shared[entry.method.task, entry.metric]) for entry in made]


def _shared(own: Sequence[Entry], protocols: Mapping[str, _Protocol]) -> dict[str, Any]:
    first = own[0]
    values = np.concatenate([e.counted for e in own if compares(e.flags)] or [np.empty(0)])
    protocol = protocols.get(str(first.metric))
    scale = scale_of(protocol.scale, first.better, values) if protocol else "identity"
    pick = np.min if first.better == "higher" else np.max
    worst = float(pick(values)) if len(values) else math.nan
    anchors = first.anchors if first.anchors.known else replace(_anchors(own), scale=scale)
    return {"scale": scale, "anchors": anchors, "worst": worst}


def _anchors(own: Sequence[Entry]) -> Anchors:
    """Of the record that knows most of them: they depend on the data and the protocol alone."""
    known = [_known(entry.method.anchors, entry.metric) for entry in own]
    most = max(known, key=len)
    names = ("trivial", "real", "trivial_error", "real_error")
    trivial, real, trivial_error, real_error = (most.get(name, math.nan) for name in names)
    return Anchors(trivial, real, trivial_error, real_error)


def _known(anchors: Mapping[str, Mapping[str, float]], metric: str | None) -> Mapping[str, float]:
    return anchors.get(metric, {}) if metric else {}
