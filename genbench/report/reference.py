"""The committed leaderboards as a page; `main` writes ``docs/leaderboard.md`` and the README's excerpt.

The runs are those of the suites ``planar``, ``mnist`` and ``gpu`` under ``results/reference``.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from genbench.report.aggregates import aggregates
from genbench.report.costs import costs
from genbench.report.entries import THROUGHPUT, Entry, entries
from genbench.report.formats import markdown
from genbench.report.leaderboard import tabulate
from genbench.report.texts import quantity_text
from genbench.store import Results, load
from genbench.types import InputError

SUITES = ("planar", "mnist", "gpu")
BEGIN, END = "<!-- leaderboard: written by make leaderboard -->", "<!-- /leaderboard -->"
README_TASKS = ("ring8", "grid25", "mnist")
README_ROWS, README_METRICS = 3, 3

HEAD = """# Leaderboard

Written by `make leaderboard` from the runs in `results/reference`, which `genbench run planar --out
results/reference` and `genbench run mnist --out results/reference` make. `genbench report results/reference`
shows the same with curves, samples and every seed's values.

A value is the mean over seeds ± half of its 95 % Student-t interval, at the last checkpoint of every seed;
the best of each metric is bold. Methods that share a group's letter cannot be told apart. A rank is by the
first metric; the brackets hold the simultaneous 95 % interval of all ranks of a table, from Welch tests of
all pairs on the metric's scale, distances by their logarithm, with Holm's correction. Failures are seeds that
broke off, in which a detector found a failure, or that score worse than the trivial sampler, of those that
could be judged; symptoms are seeds with a finding that does not rank; notes are left to the runs' pages. Real
data are held-out examples in place of samples, and the trivial sampler is a Gaussian fitted to the training
data. Speed is left out: these runs shared their cores with other work.
"""


def page(suites: Mapping[str, Results]) -> str:
    """The Markdown page of the results of suites, by their names."""
    return "\n".join([HEAD, *(_suite(name, results) for name, results in suites.items())])


def excerpt(suites: Mapping[str, Results]) -> str:
    """The best methods of some tasks, for the README."""
    board = pd.concat([_board(results, entries(results)) for results in suites.values()])
    ranked = board[board["rank"].notna()]
    shown = []
    for task in README_TASKS:
        own = ranked[ranked["task"] == task]
        if own.empty:
            continue
        metrics = own["metric"].unique()[:README_METRICS]
        best = own[own["metric"] == metrics[0]]["model"][:README_ROWS]
        shown.append(own[own["model"].isin(best) & own["metric"].isin(metrics)])
    return markdown(pd.concat(shown)).replace("### ", "**").replace("\n\n|", "**\n\n|")


def _suite(name: str, results: Results) -> str:
    made = entries(results)
    board = _board(results, made)
    together = _together(made) if board["task"].nunique() > 1 else ""
    parts = [f"## {name}\n", _origin(results), markdown(board), together, _effort(results, made)]
    return "\n".join(part for part in parts if part)


def _board(results: Results, made: Sequence[Entry]) -> pd.DataFrame:
    board = tabulate(results, made)
    return board[board["metric"] != THROUGHPUT]


def _origin(results: Results) -> str:
    """What was run, on what, with which version of the code."""
    records = [folder.read_record() for folder in results.folders]
    trained = [record for record in records if record.status != "skipped"]
    environments = [record.environment for record in trained]
    seeds = sum(len(record.seeds) for record in trained)
    said = {
        "Machine": [str(known.get("machine")) for known in environments],
        "Commit": [str(known.get("commit"))[:12] for known in environments],
        "torch": [str(known.get("versions", {}).get("torch")) for known in environments],
    }
    origin = ". ".join(f"{name}: {', '.join(dict.fromkeys(values))}" for name, values in said.items())
    problems = "".join(f"\n- {problem}" for problem in results.problems)
    return f"{len(trained)} runs with {seeds} seeds. {origin}.{problems}\n"


def _together(made: Sequence[Entry]) -> str:
    """Interquartile means of normalised scores over all tasks."""
    frame = aggregates(made)
    if frame.empty:
        return ""
    cells = [
        (row["model"], row["tasks"], row["seeds"], _between(row, "iqm"), _between(row, "median"))
        for row in frame.to_dict("records")
    ]
    about = (
        "Normalised scores of each task's first metric that tells real data from a trivial sampler:\n"
        "0 is that sampler, 1 is real data. In brackets, stratified bootstrap intervals.\n"
    )
    heading = ("model", "tasks", "seeds", "interquartile mean", "median")
    return "\n".join(["### All tasks together\n", about, *_table(heading, cells), ""])


def _between(row: Mapping[Any, Any], name: str) -> str:
    return f"{row[name]:.3f} ({row[f'{name}_low']:.3f} – {row[f'{name}_high']:.3f})"


def _effort(results: Results, made: Sequence[Entry]) -> str:
    """Work and memory, which do not depend on who else uses the machine."""
    frame = costs(results, made)
    if frame.empty:
        return ""
    cells = [
        (
            *(row["task"], row["model"]),
            _steps(row["steps_to_threshold"]),
            quantity_text(row["flops_to_threshold"], "FLOP"),
            quantity_text(row["peak_bytes"], "B"),
        )
        for row in frame.to_dict("records")
    ]
    about = "Up to half of the way from the trivial sampler to real data, on the mean over seeds.\n"
    heading = ("task", "model", "steps", "work of a seed", "peak memory of training")
    return "\n".join(["### What it takes\n", about, *_table(heading, cells), ""])


def _steps(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "–"


def _table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    rule = ["---"] * len(heading)
    return [f"| {' | '.join(map(str, row))} |" for row in [heading, rule, *rows]]


def with_excerpt(readme: str, text: str) -> str:
    """The README with a new excerpt between its marks.

    Raises:
        InputError: a mark is missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"the README lacks {BEGIN} or {END}; put both where the leaderboard shall stand")
    return f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}"


def read_suites(folder: Path) -> dict[str, Results]:
    """The suites that have reference results.

    Raises:
        InputError: there are none.
    """
    found = {name: load(folder / name) for name in SUITES if (folder / name).is_dir()}
    if not found:
        raise InputError(f"{folder} holds none of {', '.join(SUITES)}; run one of them with --out {folder}")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the runs, write the page, and renew the README's excerpt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=Path("results/reference"))
    parser.add_argument("page", nargs="?", type=Path, default=Path("docs/leaderboard.md"))
    parser.add_argument("readme", nargs="?", type=Path, default=Path("README.md"))
    options = parser.parse_args(arguments)
    suites = read_suites(options.results)
    options.page.write_text(page(suites), encoding="utf-8")
    readme = options.readme.read_text(encoding="utf-8")
    options.readme.write_text(with_excerpt(readme, excerpt(suites)), encoding="utf-8")


if __name__ == "__main__":
    main()
