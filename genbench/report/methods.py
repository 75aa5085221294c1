"""Which runs are the same method, and what a method is called where several share a name."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

SETTINGS = ("steps", "batch", "precision", "revision")
"""What tells methods apart beside the model's options."""
ENDED = ("done", "failed", "skipped")


@dataclass(frozen=True)
class Method:
    """All runs of one model in one configuration on one task.

    Attributes:
        paths: the folders of its runs.
        seeds: of all its runs.
        failed: those of them that failed in some run.
        status: ``done``, ``failed`` or ``skipped`` if every run has ended, else that of a run that has not.
        reason: of the first run that has one.
        examples_per_second: throughput of training, all seeds of a run together; NaN if unknown.
        training_seconds: of all its runs, all seeds together; NaN if unknown.
        cost, anchors: of the first run that recorded them; see `Record`.
        ranked_by: of the first run that declares it; see `Record`.
        steps: of each run; None if unknown.
    """

    task: str
    model: str
    paths: tuple[str, ...]
    seeds: frozenset[int]
    failed: frozenset[int]
    status: str
    reason: str | None
    examples_per_second: float
    training_seconds: float = math.nan
    cost: Mapping[str, Any] = field(default_factory=dict)
    anchors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    ranked_by: tuple[str, ...] = ()
    steps: int | None = None

    @property
    def work(self) -> float:
        """Floating-point operations of one seed's whole run; NaN if unknown."""
        return math.nan if self.steps is None else float(flops_until(self.cost.get("flops", []), self.steps))


def methods(records: pd.DataFrame) -> list[Method]:
    """The methods that the records of runs belong to, in the order of their first runs.

    A task is named with its options and the start of its data's checksum, a model with its options, steps,
    batch size, precision and revision, so far as they tell it from others of its name (models: on the same
    task). A skipped run counts only if all runs of its method were skipped.
    """
    runs: list[Any] = records.astype(object).where(records.notna(), None).to_dict("records")
    grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for run, name in zip(runs, names(runs), strict=True):
        grouped.setdefault(name, []).append(run)
    return [_method(*name, own) for name, own in grouped.items()]


def labels(names: Sequence[str], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each name with those of its settings that tell it from others of the same name.

    >>> labels(["gan", "gan", "vae"], [{"width": 64, "rate": 1}, {"width": 128, "rate": 1}, {}])
    ['gan[width=64]', 'gan[width=128]', 'vae']
    """
    texts = [{key: json.dumps(value, default=str) for key, value in own.items()} for own in settings]
    peers: dict[str, list[dict[str, str]]] = {}
    for name, own in zip(names, texts, strict=True):
        peers.setdefault(name, []).append(own)
    return [_label(name, own, peers[name]) for name, own in zip(names, texts, strict=True)]


def _label(name: str, own: Mapping[str, str], peers: Sequence[Mapping[str, str]]) -> str:
    telling = [key for key, text in own.items() if any(peer.get(key) != text for peer in peers)]
    listed = ",".join(f"{key}={own[key].strip(chr(34))}" for key in telling)
    return f"{name}[{listed}]" if listed else name


def names(runs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The names of each run's task and model, with what tells them from others of these runs.

    Args:
        runs: of each `task`, `task_options`, `model`, `options` and, so far as known, `data`, the checksum of
            what it saw, and the `SETTINGS`.
    """
    # A run that never saw its data belongs to those that others saw.
    checksums = {_asked(run): run["data"] for run in runs if run.get("data")}
    seen = _short([run.get("data") or checksums.get(_asked(run), "") for run in runs])
    tasks = labels(
        [run["task"] for run in runs],
        [{**(run["task_options"] or {}), "data": data} for run, data in zip(runs, seen, strict=True)],
    )
    settings = [{**(run["options"] or {}), **{name: run.get(name) for name in SETTINGS}} for run in runs]
    models = [""] * len(runs)
    for task in set(tasks):
        here = [index for index, other in enumerate(tasks) if other == task]
        named = labels([runs[index]["model"] for index in here], [settings[index] for index in here])
        for index, label in zip(here, named, strict=True):
            models[index] = label
    return list(zip(tasks, models, strict=True))


def _short(checksums: Sequence[str]) -> list[str]:
    """The start of each checksum; of the part behind the hyphen too, where that alone tells data apart."""
    parts = [checksum.partition("-") for checksum in checksums]
    beside: dict[str, set[str]] = {}
    for examples, _, rest in parts:
        beside.setdefault(examples, set()).update([rest] if rest else [])
    several = {examples for examples, known in beside.items() if len(known) > 1}
    return [f"{e[:8]}-{rest[:8]}" if e in several and rest else e[:8] for e, _, rest in parts]


def _asked(run: Mapping[str, Any]) -> tuple[str, str]:
    return run["task"], json.dumps(run["task_options"], sort_keys=True, default=str)


def _method(task: str, model: str, runs: Sequence[Mapping[str, Any]]) -> Method:
    tried = [run for run in runs if run["status"] != "skipped"]
    counted = tried or runs
    statuses = [run["status"] for run in counted]
    unfinished = [status for status in statuses if status not in ENDED]
    return Method(
        task,
        model,
        paths=tuple(run["path"] for run in counted),
        seeds=frozenset(seed for run in counted for seed in run["seeds"]),
        failed=frozenset(seed for run in counted for seed in _failed(run)),
        status=unfinished[0] if unfinished else "failed" if "failed" in statuses else statuses[0],
        reason=next((run["reason"] for run in counted if run["reason"]), None),
        examples_per_second=_throughput(tried),
        training_seconds=sum(run["training_seconds"] or 0.0 for run in tried) or math.nan,
        cost=_first(counted, "cost"),
        anchors=_first(counted, "anchors"),
        ranked_by=next((run["ranked_by"] for run in counted if run["ranked_by"]), ()),
        steps=next((run["steps"] for run in counted if run["steps"] is not None), None),
    )


def flops_until(phases: Sequence[Sequence[float]], step: float) -> float:
    """Floating-point operations of a seed before `step`; `phases` are first steps with their cost a step."""
    if not phases or not math.isfinite(step):
        return math.nan
    ends = [*(start for start, _ in phases[1:]), math.inf]
    spans = zip(phases, ends, strict=True)
    return sum(flops * max(0.0, min(step, end) - start) for (start, flops), end in spans)


def _first(runs: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next((run[name] for run in runs if run[name]), {})


def _failed(run: Mapping[str, Any]) -> Sequence[int]:
    """Seeds that failed; all of them where a run failed as a whole."""
    return run["seeds"] if run["status"] == "failed" else list(run["failures"])


def _throughput(runs: Sequence[Mapping[str, Any]]) -> float:
    timed = [run for run in runs if run["training_seconds"]]
    seconds = sum(run["training_seconds"] for run in timed)
    return sum(run["examples"] for run in timed) / seconds if timed else math.nan
