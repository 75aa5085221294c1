"""Published values beside measured ones; `main` writes them to ``docs/published.md``.

The runs are those of ``suites/published.toml`` under ``results/reference/published``.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from genbench.report.published_values import PUBLISHED, Published
from genbench.report.texts import with_interval
from genbench.store import Results, load

Z95 = 1.96

HEAD = """# Published values, measured anew

Written by `python -m genbench.report.published` from the runs in `results/reference/published`, which
`genbench run published --backend loop --out results/reference` makes. Measured values are means over seeds
at the last step, ± the half-width of a 95 % Student-t interval; one seed has none. Two values agree where
their intervals meet; a published standard error counts as ± 1.96 of it. Every value is listed, whether it
agrees or not.
"""

ABOUT_ESTIMATORS = """Each row is one trained machine; the exact value enumerates 65,536 hidden states.
Reverse chains start 100 Gibbs sweeps from training images. Where they give more than the exact value, the
machine holds probability where no training image leads, and reverse AIS is no lower bound.
"""


@dataclass(frozen=True)
class Measured:
    """The same number in runs of ours."""

    mean: float
    half: float
    seeds: int
    steps: int

    def agrees(self, published: Published) -> bool | None:
        """Whether the intervals meet; None if there is one seed only."""
        if math.isnan(self.half):
            return None
        return abs(self.mean - published.value) <= self.half + Z95 * (published.error or 0.0)


def measure(published: Published, results: Results) -> Measured | None:
    """The runs that match, those with the most steps if budgets differ; None if there are none."""
    records = results.records
    fits = [_fits(row, published) for row in records.to_dict("records")]
    scores = results.scores[results.scores["path"].isin(records.loc[fits, "path"])]
    scores = scores[scores["metric"] == published.metric]
    if scores.empty:
        return None
    last = scores[scores["step"] == scores["step"].max()]
    return _summary(last["value"].to_numpy(), int(last["step"].iloc[0]))


def page(rows: Sequence[Published], results: Results) -> str:
    """The Markdown page: a table a source, and why values differ where they do."""
    pairs = [(row, measure(row, results)) for row in rows]
    sources = dict.fromkeys(row.source for row in rows)
    sections = [_section(source, [pair for pair in pairs if pair[0].source == source]) for source in sources]
    return "\n".join([HEAD, *sections, _estimators(results), _origin(results)])


def _section(source: str, pairs: Sequence[tuple[Published, Measured | None]]) -> str:
    lines = [f"## {source}\n", "| | score | published | measured | steps, of published | seeds | agrees |"]
    lines.append("|---|---|---|---|---|---|---|")
    lines += [_line(row, found) for row, found in pairs]
    reasons = dict.fromkeys(
        f"- **{row.what}:** {row.caveat}" for row, found in pairs if found is None or not found.agrees(row)
    )
    return "\n".join([*lines, "", *(["What differs:", "", *reasons, ""] if reasons else [])])


def _line(row: Published, found: Measured | None) -> str:
    published = f"{row.value:g}" + ("" if row.error is None else f" ± {Z95 * row.error:.2g}")
    cells = [row.what, f"`{row.metric}`", published]
    if found is None:
        return _cells(*cells, "not run", "", "", "")
    verdict = {True: "yes", False: "no", None: "one seed"}[found.agrees(row)]
    budget = f"{found.steps:,} of {row.steps:,}"
    return _cells(*cells, with_interval(found.mean, found.half), budget, str(found.seeds), verdict)


def _estimators(results: Results) -> str:
    """Annealed estimates beside the exact values, on the machines that have both."""
    names = ["log_likelihood_exact@10k", "log_likelihood_ais@100", "log_likelihood_reverse_ais@100"]
    table = results.scores.pivot_table("value", ["key", "seed"], "metric").reindex(columns=names).dropna()
    lines = ["## Annealed importance sampling on the same machines\n"]
    lines += [ABOUT_ESTIMATORS]
    lines += ["| run | seed | exact | AIS − exact | reverse AIS − exact |", "|---|---|---|---|---|"]
    lines += [
        _cells(f"`{key}`", str(seed), f"{exact:.3f}", f"{ahead - exact:+.3f}", f"{back - exact:+.3f}")
        for (key, seed), (exact, ahead, back) in zip(table.index, table.to_numpy(), strict=True)
    ]
    return "\n".join([*lines, ""])


def _origin(results: Results) -> str:
    records = results.records
    hours = float(records["training_seconds"].sum() + records["evaluation_seconds"].sum()) / 3600
    problems = "".join(f"\n- {problem}" for problem in results.problems)
    return f"{len(records)} runs, {hours:.1f} hours on one core of a processor without a GPU.{problems}\n"


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _fits(run: Mapping[Any, Any], published: Published) -> bool:
    """Whether a run, as its row of the records, measures the value."""
    return (
        (run["task"], run["model"]) == (published.task, published.model)
        and published.options.items() <= (run["options"] or {}).items()
        and published.task_options.items() <= (run["task_options"] or {}).items()
    )


def _summary(values: np.ndarray, steps: int) -> Measured:
    n = len(values)
    spread = float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    half = float(stats.t.ppf(0.975, n - 1)) * spread if n > 1 else math.nan
    return Measured(float(values.mean()), half, n, steps)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the runs and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=Path("results/reference/published"))
    parser.add_argument("page", nargs="?", type=Path, default=Path("docs/published.md"))
    options = parser.parse_args(arguments)
    options.page.write_text(page(PUBLISHED, load(options.results)), encoding="utf-8")


if __name__ == "__main__":
    main()
