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
import pandas as pd
from scipy.special import stdtrit

from genbench.report.methods import Method
from genbench.report.seed_table import SeedTable, seed_tables

Frames = Mapping[str, pd.DataFrame]
Clock = dict[str, dict[str, str]]
Quantity = dict[str, Any]


def run_quantities(scores: pd.DataFrame, trace: pd.DataFrame, better: Mapping[str, str]) -> list[Quantity]:
    """The scores and signals of a run, a line a seed; metrics first."""
    tables = {**seed_tables(scores, "metric"), **seed_tables(trace, "signal")}
    return [
        {
            "name": name,
            "better": better.get(name),
            "series": [
                {"name": f"seed {seed}", "step": step, "value": packed(values)}
                for seed, values in zip(table.seeds, table.values.T, strict=True)
            ],
        }
        for name, table in _ordered(tables, better)
        for step in [packed(table.steps)]
    ]


def run_clock(trace: pd.DataFrame) -> Clock:
    """The clock of a run, the same for all its seeds, under the empty name."""
    _, first = np.unique(trace["step"].to_numpy(), return_index=True)
    return {"": {name: packed(trace[name].to_numpy()[first]) for name in ("step", "seconds", "samples")}}


def method_quantities(
    scores: Frames, traces: Frames, methods: Sequence[Method], better: Mapping[str, str]
) -> list[Quantity]:
    """The means over seeds of the methods of a task with Student's 95 % interval, a line a method."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for method in methods:
        tables = {**seed_tables(_of(method, scores), "metric"), **seed_tables(_of(method, traces), "signal")}
        for name, table in tables.items():
            lines.setdefault(name, []).append({"name": method.model, **_mean(table)})
    return [{"name": n, "better": better.get(n), "series": own} for n, own in _ordered(lines, better)]


def method_clock(traces: Frames, methods: Sequence[Method]) -> Clock:
    """The clock of each method; that of its first run if it has several."""
    known = {m.model: [traces[path] for path in m.paths if path in traces] for m in methods}
    return {model: run_clock(own[0])[""] for model, own in known.items() if own}


def packed(values: Any) -> str:
    """Numbers as base64 of little-endian float32, NaN where there is none: quick to write and to read."""
    finite = np.asarray(values, dtype=float)
    return base64.b64encode(np.where(np.isfinite(finite), finite, np.nan).astype("<f4").tobytes()).decode()


def script(key: str, content: Any) -> bytes:
    """A script that hands data to the page; a page opened from a disk may load no other kind."""
    return f"genbench.receive({json.dumps(key)}, {json.dumps(content, separators=(',', ':'))});\n".encode()


def _of(method: Method, frames: Frames) -> pd.DataFrame:
    own = [frames[path] for path in method.paths if path in frames]
    return pd.concat(own) if len(own) > 1 else own[0] if own else pd.DataFrame()


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
    """Metrics as they were first scored, then signals by name."""
    place = {name: index for index, name in enumerate(better)}
    return sorted(tables.items(), key=lambda item: (place.get(item[0], len(place)), item[0]))
