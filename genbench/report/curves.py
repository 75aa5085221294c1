"""What happened along training, as small files that a page loads when it shows them.

The curves of a page are a `Clock` and its quantities. A clock says for each line at how many seconds and
samples a step was; quantities are loaded one by one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit

from genbench.report.history import Clock, Histories, History, clocks_of, of_method
from genbench.report.methods import Method
from genbench.report.seed_table import SeedTable

Clocks = dict[str, dict[str, str]]
Quantity = dict[str, Any]


def run_quantities(history: History, better: Mapping[str, str]) -> list[Quantity]:
    """The scores and signals of a run, a line a seed; metrics first."""
    return [
        {
            "name": name,
            "better": better.get(name),
            "series": [
                {"name": f"seed {seed}", "step": step, "value": packed(values)}
                for seed, values in zip(table.seeds, table.values.T, strict=True)
            ],
        }
        for name, table in _ordered(history.tables, better)
        for step in [packed(table.steps)]
    ]


def run_clock(clock: Clock) -> Clocks:
    """The clock of a run, the same for all its seeds, under the empty name."""
    return {"": {name: packed(values) for name, values in clock._asdict().items()}}


def method_quantities(
    known: Histories, methods: Sequence[Method], better: Mapping[str, str]
) -> list[Quantity]:
    """The means over seeds of the methods of a task with Student's 95 % interval, a line a method."""
    tables = {path: history.tables for path, history in known.items()}
    lines: dict[str, list[dict[str, Any]]] = {}
    for method in methods:
        for name, table in of_method(method, tables).items():
            lines.setdefault(name, []).append({"name": method.model, **_mean(table)})
    return [{"name": n, "better": better.get(n), "series": own} for n, own in _ordered(lines, better)]


def method_clock(known: Histories, methods: Sequence[Method]) -> Clocks:
    """The clock of each method; that of its first run if it has several."""
    clocks = {method.model: clocks_of(method, known) for method in methods}
    return {model: run_clock(own[0])[""] for model, own in clocks.items() if own}


def packed(values: Any) -> str:
    """Numbers as base64 of little-endian float32, NaN where there is none: quick to write and to read."""
    finite = np.asarray(values, dtype=float)
    return base64.b64encode(np.where(np.isfinite(finite), finite, np.nan).astype("<f4").tobytes()).decode()


def script(key: str, content: Any) -> bytes:
    """A script that hands data to the page; a page opened from a disk may load no other kind."""
    return f"genbench.receive({json.dumps(key)}, {json.dumps(content, separators=(',', ':'))});\n".encode()


def _mean(table: SeedTable) -> dict[str, str]:
    values = table.values
    known = np.isfinite(values)
    n = known.sum(axis=1)
    mean = np.divide(np.where(known, values, 0).sum(axis=1), n, out=np.full(len(n), np.nan), where=n > 0)
    squares = np.where(known, values - mean[:, None], 0) ** 2
    freedom = np.maximum(n - 1, 1)
    error = np.sqrt(squares.sum(axis=1) / freedom / np.maximum(n, 1))
    half = np.where(n > 1, stdtrit(freedom, 0.975) * error, np.nan)
    ends = {"low": packed(mean - half), "high": packed(mean + half)}
    return {"step": packed(table.steps), "value": packed(mean), **ends}


def _ordered(tables: Mapping[str, Any], better: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Metrics in the order of `better`, then signals by name."""
    place = {name: index for index, name in enumerate(better)}
    return sorted(tables.items(), key=lambda item: (place.get(item[0], len(place)), item[0]))
