"""How many seeds of a method failed, of those that could be judged at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from genbench.report.entries import THROUGHPUT, Entry
from genbench.report.methods import Method
from genbench.report.statistics import share
from genbench.store import Results
from genbench.types import compares


class Failures(NamedTuple):
    """What the failures of a method's seeds come to, named as the columns of a leaderboard.

    Attributes:
        judged: seeds of which it can be said whether they failed.
        failures: those of them that did.
        failure_rate, failure_low, failure_high: failures / judged with Wilson's 95 % interval; NaN where no
            seed was judged.
        symptoms: seeds with a symptom that is no failure's cause or consequence.
    """

    judged: int = 0
    failures: int = 0
    failure_rate: float = math.nan
    failure_low: float = math.nan
    failure_high: float = math.nan
    symptoms: int = 0


class _Told(NamedTuple):
    """What the detectors say of one seed: one of failures could judge it; it found one; a symptom is left."""

    judged: bool
    failure: bool
    symptom: bool


def count_failures(results: Results, made: Sequence[Entry]) -> dict[tuple[str, str], Failures]:
    """The failures of every method, by task and model.

    A seed fails if training could not go on, if its score in the task's first metric is not finite or worse
    than the trivial sampler's beyond noise (`Anchors.worse`), or if a detector found a failure. It is judged
    if one of these could have been seen: a failure's detector said *detected* or *clear*, or the first
    metric tells real data from the trivial sampler, by the whole protocol. Symptoms and notes are no
    failures, whatever their number. Of a seed whose training ended by failure no symptoms are counted.

    Args:
        made: the entries of all methods, the metric that ranks first of its method's.
    """
    told = _told(results)
    own: dict[tuple[str, str], list[Entry]] = {}
    for entry in made:
        own.setdefault((entry.method.task, entry.method.model), []).append(entry)
    return {name: _counted(_ranking(entries), told) for name, entries in own.items()}


def _ranking(entries: Sequence[Entry]) -> Entry:
    """A method's entry in the metric that ranks; one without scores if it has none."""
    return next((entry for entry in entries if entry.metric != THROUGHPUT), entries[0])


def _counted(entry: Entry, told: Mapping[tuple[str, int], _Told]) -> Failures:
    method = entry.method
    if method.status == "skipped":
        return Failures()
    said = {seed: own for seed in method.seeds if (own := _of_seed(method, seed, told))}
    judged, failing = _scored(entry)
    judged |= failing | {seed for seed, own in said.items() if own.judged}
    failing |= {seed for seed, own in said.items() if own.failure}
    symptoms = {seed for seed, own in said.items() if own.symptom} - method.failed
    return Failures(len(judged), len(failing), *share(len(failing), len(judged)), len(symptoms))


def _of_seed(method: Method, seed: int, told: Mapping[tuple[str, int], _Told]) -> _Told | None:
    """What is said of a seed in any run of its method."""
    found = [told[path, seed] for path in method.paths if (path, seed) in told]
    return _Told(*map(any, zip(*found, strict=True))) if found else None


def _scored(entry: Entry) -> tuple[set[int], set[int]]:
    """Seeds that a score judges, and those that fail by it or failed in training."""
    if entry.metric in (None, THROUGHPUT):
        return set(), set(entry.method.failed)
    seeds, anchors = np.array(entry.seeds, int), entry.anchors
    lost = set(seeds[np.isnan(entry.values)].tolist()) | entry.method.failed
    if not (anchors.tell_apart(entry.better) and compares(entry.flags)):
        return set(), lost
    return set(seeds.tolist()), lost | set(seeds[anchors.worse(entry.values, entry.better)].tolist())


def _told(results: Results) -> dict[tuple[str, int], _Told]:
    """What the detectors say, by the path of a run and seed; of seeds of which any could say something."""
    known = results.verdicts[results.verdicts["verdict"].isin(("detected", "clear"))]
    columns = ("path", "seed", "detector", "verdict", "level", "cause")
    own: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
    for path, seed, *said in zip(*(known[name].tolist() for name in columns), strict=True):
        own.setdefault((path, seed), []).append(tuple(said))
    return {key: _summed(verdicts) for key, verdicts in own.items()}


def _summed(verdicts: Iterable[tuple[str, str, str, str | None]]) -> _Told:
    """The verdicts on one seed as one; findings that go back to the same cause are counted once."""
    judged = any(level == "failure" for _, _, level, _ in verdicts)
    found = {name: (level, cause) for name, verdict, level, cause in verdicts if verdict == "detected"}
    causes = {name: cause for name, (_, cause) in found.items() if isinstance(cause, str)}
    failures, symptoms = (
        {_root(name, causes) for name, (own, _) in found.items() if own == level}
        for level in ("failure", "symptom")
    )
    return _Told(judged, bool(failures), bool(symptoms - failures))


def _root(name: str, causes: Mapping[str, str]) -> str:
    """Where a chain of causes begins; it ends where it comes round, as in a file that somebody else wrote."""
    seen = {name}
    while (cause := causes.get(name)) is not None and cause not in seen:
        seen.add(cause)
        name = cause
    return name
