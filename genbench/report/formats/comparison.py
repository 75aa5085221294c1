"""A comparison of two folders of results as tables for the terminal."""

from __future__ import annotations

import math

from rich import box
from rich.markup import escape
from rich.table import Table

from genbench.report.compare import Comparison
from genbench.report.texts import with_interval


def comparison_tables(found: Comparison) -> list[Table]:
    """A comparison for the terminal: scores, those that became worse first, then speed."""
    scores = Table(box=box.SIMPLE_HEAD)
    for heading in ("task", "model", "metric", "base", "new", "p", "outcome"):
        scores.add_column(heading, justify="right" if heading in ("base", "new", "p") else "left")
    order = {"worse": 0, "better": 1, "not comparable": 2, "same": 3}
    for row in sorted(found.scores, key=lambda row: order[row.outcome]):
        values = [with_interval(value, math.nan) for value in (row.base, row.new)]
        p = f"{row.p:.2g}" if math.isfinite(row.p) else ""
        said = f"{row.outcome}: {row.reason}" if row.reason else row.outcome
        cells = [row.task, row.model, row.metric, *values, p, said]
        scores.add_row(*map(escape, cells), style="bold" if row.outcome == "worse" else None)
    speeds = Table(box=box.SIMPLE_HEAD)
    for heading in ("task", "model", "samples/s, base", "new", "ratio"):
        speeds.add_column(heading, justify="left" if heading in ("task", "model") else "right")
    for speed in found.speeds:
        rates = [with_interval(rate, math.nan) for rate in (speed.base, speed.new)]
        speeds.add_row(escape(speed.task), escape(speed.model), *rates, f"{speed.ratio:.2f}")
    return [table for table in (scores, speeds) if table.row_count]
