"""The composite that ranks a task where one score alone misleads: a mean of normalised scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from genbench.report.anchors import Anchors
from genbench.report.entry import Entry, by_seed

COMPOSITE = "composite"
Scored = Mapping[str, Mapping[str, Entry]]
"""Metric → model → entry, of one task."""


def composites(made: Sequence[Entry]) -> list[Entry]:
    """An entry in the metric ``composite`` for each method of each task that declares what ranks it.

    A seed's value is the mean over the declared scores of (g(x) − g(trivial)) / (g(real) − g(trivial)), g
    the score's scale: 0 is the trivial sampler, 1 is real data. A seed that is lost in one score is lost, and
    ranks by the worst composite that any seed of any method has. A method without one of the scores has no
    composite, nor has any method of a task for which `left_out` gives a reason.
    """
    reasons = left_out(made)
    found = []
    for task, (names, scored) in _declared(made).items():
        if task not in reasons:
            models = dict.fromkeys(model for own in scored.values() for model in own)
            parts = [[scored[name].get(model) for name in names] for model in models]
            found += [_composite([p for p in own if p is not None]) for own in parts if None not in own]
    return found


def left_out(made: Sequence[Entry]) -> dict[str, str]:
    """Task → why it has no composite though it declares one: the sentence names the score to blame."""
    reasons = {}
    for task, (names, scored) in _declared(made).items():
        for name in names:
            if reason := _reason(list(scored.get(name, {}).values())):
                reasons[task] = f"{task} is ranked by its first score, without a composite: {name} {reason}"
                break
    return reasons


def _reason(own: Sequence[Entry]) -> str | None:
    if not own:
        return "was scored for no method"
    anchors = own[0].anchors
    if not anchors.known:
        return "has no score of real data or of the trivial sampler"
    if not anchors.tell_apart(own[0].better):
        return "does not tell real data from the trivial sampler"
    return None


def _declared(made: Sequence[Entry]) -> dict[str, tuple[tuple[str, ...], Scored]]:
    """Of each task that declares scores to rank by: their names, and the entries in them."""
    names: dict[str, tuple[str, ...]] = {}
    for entry in made:
        if entry.method.ranked_by:
            names.setdefault(entry.method.task, entry.method.ranked_by)
    scored: dict[str, dict[str, dict[str, Entry]]] = {task: {} for task in names}
    for entry in made:
        task = entry.method.task
        if entry.metric in names.get(task, ()):
            scored[task].setdefault(str(entry.metric), {})[entry.method.model] = entry
    return {task: (own, scored[task]) for task, own in names.items()}


def _composite(parts: Sequence[Entry]) -> Entry:
    """The entry of one method, of its entries in the declared scores."""
    placed = by_seed(parts, [part.anchors.normalised(part.values) for part in parts])
    seeds = tuple(sorted({seed for part in parts for seed in part.seeds}))
    error = math.hypot(*(part.anchors.normalised_error() for part in parts)) / len(parts)
    flags = tuple(dict.fromkeys(flag for part in parts for flag in part.flags))
    return replace(
        parts[0],
        metric=COMPOSITE,
        better="higher",
        seeds=seeds,
        values=np.asarray(placed.mean(axis=0)),
        anchors=Anchors(0.0, 1.0, error, 0.0),
        scale="identity",
        flags=flags,
    )
