"""Two folders of results against each other: what became better, what worse, and what cannot be compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from genbench.report.entries import THROUGHPUT, Entry, by_seed, entries
from genbench.report.methods import SETTINGS
from genbench.report.pairwise import holm, paired_p_value
from genbench.store import Results
from genbench.types import InputError, same_data

LEVEL = 0.05
Outcome = Literal["better", "worse", "same", "not comparable"]
Key = tuple[str, str, str]
Runs = Mapping[str, Mapping[Any, Any]]


@dataclass(frozen=True)
class Compared:
    """One metric of one method, in both folders.

    Attributes:
        base, new: means over the seeds that count; NaN if there are none.
        p: after Holm over all that was tested; NaN if not comparable.
        reason: why it cannot be compared, or what else differs.
    """

    task: str
    model: str
    metric: str
    base: float
    new: float
    p: float
    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True)
class Speed:
    """Training examples a second, all seeds of a run together."""

    task: str
    model: str
    base: float
    new: float

    @property
    def ratio(self) -> float:
        return self.new / self.base


@dataclass(frozen=True)
class Comparison:
    """All that two folders say about each other.

    Attributes:
        added, missing: task, model and metric of what only one of them has.
    """

    scores: tuple[Compared, ...]
    speeds: tuple[Speed, ...]
    added: tuple[Key, ...]
    missing: tuple[Key, ...]

    @property
    def regressions(self) -> tuple[Compared, ...]:
        return tuple(row for row in self.scores if row.outcome == "worse")


def compare(base: Results, new: Results, margin: float = 0.0) -> Comparison:
    """Match runs by task, model and metric, and test each difference over shared seeds.

    A difference counts if a paired t-test finds it, after Holm's correction over everything tested, to exceed
    the margin. Equal seeds of two versions of one method draw the same numbers, so here they are paired, and
    scores are compared as they are; see `paired_p_value`. A seed that failed takes the worst score of both
    folders.

    Args:
        margin: the change that is tolerated, as a share of the base's mean.

    Raises:
        InputError: the margin is negative.
    """
    if not margin >= 0:
        raise InputError(f"the margin is {margin}; give a share of the base's mean such as 0.05")
    old, fresh = _keyed(entries(base)), _keyed(entries(new))
    runs = _runs(base), _runs(new)
    shared = [key for key in old if key in fresh]
    scored = [key for key in shared if key[2] != THROUGHPUT]
    refused = {key: reason for key in scored if (reason := _refusal(old[key], fresh[key], runs))}
    other = _other_protocols(old, fresh)
    tested = [key for key in scored if key not in refused]
    p = holm(np.array([_p_value(old[key], fresh[key], margin) for key in tested]))
    adjusted = dict(zip(tested, p.tolist(), strict=True))
    said = {key: _differences(old[key], fresh[key], runs) for key in tested} | refused
    rows = [_compared(key, old[key], fresh[key], adjusted.get(key), said[key]) for key in scored]
    rows += [
        _compared(key, old[key], fresh[match], None, _protocols(key, match)) for key, match in other.items()
    ]
    speeds = [Speed(*key[:2], *_rates(old[key], fresh[key])) for key in shared if key[2] == THROUGHPUT]
    gone = [key for key in old if key not in fresh and key not in other]
    come = [key for key in fresh if key not in old and key not in other.values()]
    return Comparison(tuple(rows), tuple(speeds), _scores_only(come), _scores_only(gone))


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Plain JSON values; what is not a finite number is null."""
    return {
        "scores": [{name: _finite(value) for name, value in vars(row).items()} for row in comparison.scores],
        "speeds": [{**vars(speed), "ratio": speed.ratio} for speed in comparison.speeds],
        "added": [list(key) for key in comparison.added],
        "missing": [list(key) for key in comparison.missing],
        "regressions": len(comparison.regressions),
    }


def _keyed(made: Iterable[Entry]) -> dict[Key, Entry]:
    """Entries by task, model and metric; data checksums are left out of tasks and compared by themselves."""
    return {(_plain_task(e.method.task), e.method.model, e.metric): e for e in made if e.metric is not None}


def _plain_task(label: str) -> str:
    """A task's label, less the start of a checksum in it."""
    name, _, options = label.partition("[")
    kept = [part for part in options.removesuffix("]").split(",") if part and not part.startswith("data=")]
    return f"{name}[{','.join(kept)}]" if kept else name


def _runs(results: Results) -> Runs:
    return {row["path"]: row for row in results.records.astype(object).to_dict("records")}


def _refusal(old: Entry, new: Entry, runs: tuple[Runs, Runs]) -> str | None:
    sides = zip((old, new), runs, strict=True)
    data = [{known[path]["data"] for path in entry.method.paths} - {None} for entry, known in sides]
    if data[0] and data[1] and not all(same_data(a, b) for a in data[0] for b in data[1]):
        names = [", ".join(sorted(str(checksum)[:8] for checksum in own)) for own in data]
        return f"other data: checksum {names[0]} against {names[1]}"
    for entry, side in ((old, "base"), (new, "new")):
        if not entry.scored:
            return f"the run in {side} is {entry.method.status}"
    return None if math.isfinite(_worst(old, new)) else "no seed of either has a score"


def _differences(old: Entry, new: Entry, runs: tuple[Runs, Runs]) -> str | None:
    """Settings that changed between the first runs of both, which a reader of the difference must know."""
    before, after = (_settings(known[e.method.paths[0]]) for e, known in zip((old, new), runs, strict=True))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return "; ".join(f"{name} {before.get(name)} against {after.get(name)}" for name in names) or None


def _settings(run: Mapping[Any, Any]) -> dict[str, Any]:
    return {**(run["options"] or {}), **{name: run.get(name) for name in SETTINGS}}


def _other_protocols(old: Mapping[Key, Entry], new: Mapping[Key, Entry]) -> dict[Key, Key]:
    """Metrics that both have, by different protocols."""
    free = {(task, model, metric.partition("@")[0]): (task, model, metric) for task, model, metric in new}
    matches = {key: free.get((key[0], key[1], key[2].partition("@")[0])) for key in old if key not in new}
    return {key: match for key, match in matches.items() if match is not None and match not in old}


def _protocols(key: Key, match: Key) -> str:
    return f"other protocol: {key[2]} against {match[2]}"


def _worst(old: Entry, new: Entry) -> float:
    pick = np.fmin if old.better == "higher" else np.fmax
    return float(pick(old.worst, new.worst))


def _p_value(old: Entry, new: Entry, margin: float) -> float:
    """p of a change beyond the margin; costs are moved towards each other by it first."""
    sign, worst = -1 if old.better == "higher" else 1, _worst(old, new)
    costs = by_seed((old, new), [entry.filled(worst) * sign for entry in (old, new)])
    before, after = np.nanmean(costs, axis=1)
    tolerated = margin * abs(before)
    if abs(after - before) <= tolerated:
        return 1.0
    return paired_p_value(costs[0], costs[1] - math.copysign(tolerated, after - before))


def _compared(key: Key, old: Entry, new: Entry, p: float | None, reason: str | None) -> Compared:
    before, after = old.mean, new.mean
    if p is None:
        return Compared(*key, before, after, math.nan, "not comparable", reason)
    outcome: Outcome = "same"
    if p < LEVEL:
        worst = _worst(old, new)
        change = new.filled(worst).mean() - old.filled(worst).mean()
        outcome = "better" if (change > 0) == (old.better == "higher") else "worse"
    return Compared(*key, before, after, p, outcome, reason)


def _rates(old: Entry, new: Entry) -> tuple[float, float]:
    return float(old.values[0]), float(new.values[0])


def _scores_only(keys: Iterable[Key]) -> tuple[Key, ...]:
    return tuple(key for key in keys if key[2] != THROUGHPUT)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
