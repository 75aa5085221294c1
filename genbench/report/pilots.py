"""The pilot search as a page; `main` writes ``docs/defaults.md``.

The runs are those of the suites in ``suites/pilots``. What they scored is kept as one table,
``results/reference/pilots.csv``, of which the page can be made again without them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from genbench import registry
from genbench.report.composite import COMPOSITE
from genbench.report.entries import Entry, entries
from genbench.store import Results, load

KINDS = ("points", "small-images", "images")
"""The suites, named after the kinds of data that they search on."""

SETTING = ["kind", "model", "options"]
COLUMNS = [*SETTING, "task", "steps", "metric", "seeds", "failed", "value", "normalised"]

HEAD = """# Defaults by kind of data

Written by `make defaults` from the scores in `results/reference/pilots.csv`. The suites in `suites/pilots`
made them:

    for kind in points small-images images; do
        genbench run suites/pilots/$kind.toml --out results/pilots
    done
    make defaults PILOTS=results/pilots

Options that a suite does not set are those of these tables. Every method was given the same number of
settings and the same seeds, which no leaderboard uses, and the rule was written down before anything ran:
the setting of the best quality wins. Quality is the mean over the suite's tasks and metrics, and over seeds,
of the normalised score: 0 is the trivial sampler, a Gaussian fitted to the data, and 1 is real data; a seed
that failed counts as the worst. The setting that won among so few is not the best that there is, and its lead
over the next one is often noise: what the search is for is that no method is judged by a setting that nobody
would have kept. The runs took an hour and a half on two CPU cores, with torch 2.14.1.

What is not named is as in the method's paper (`genbench list models --json`); a suite with
`defaults = "published"` has nothing but that.
"""


class Choice(NamedTuple):
    """What the search says of a method on a kind of data.

    Attributes:
        options: those that differ from the signature's.
        quality: mean normalised score of the setting that won.
        second: the same of the one behind it.
    """

    kind: str
    model: str
    options: Mapping[str, Any]
    quality: float
    second: float
    settings: int


def settings(results: Results) -> pd.DataFrame:
    """What each setting of each method scored: a row a task and metric, with the columns `COLUMNS`.

    `options` holds, as JSON, what differs from the signature's defaults; `value` and `normalised` are means
    over seeds, a lost seed counting as the worst.
    """
    records = {record["path"]: record for record in results.records.to_dict("records")}
    rows = [
        _row(entry, records[entry.method.paths[0]])
        for entry in entries(results)
        if entry.ranked and entry.metric != COMPOSITE and len(entry.seeds)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def qualities(frame: pd.DataFrame) -> pd.DataFrame:
    """Quality of each setting, the best of each kind and method first: `SETTING` and ``quality``."""
    by_task = frame.groupby([*SETTING, "task"], sort=False)["normalised"].mean()
    quality = by_task.groupby(SETTING, sort=False).mean().rename("quality").reset_index()
    order = quality.assign(place=quality["kind"].map({kind: i for i, kind in enumerate(KINDS)}))
    by = ["place", "model", "quality"]
    return order.sort_values(by, ascending=[True, True, False], ignore_index=True).drop(columns="place")


def choices(frame: pd.DataFrame) -> list[Choice]:
    """The setting that won of each kind and method."""
    found = []
    for (kind, model), own in qualities(frame).groupby(["kind", "model"], sort=False):
        first, *rest = own["quality"].tolist()
        options = json.loads(own["options"].iloc[0])
        found.append(Choice(str(kind), str(model), options, first, max(rest, default=first), len(own)))
    return found


def page(frame: pd.DataFrame) -> str:
    """The Markdown page: what was chosen, then every setting with its scores."""
    return "\n".join([HEAD, *(_kind(frame, kind) for kind in KINDS if kind in set(frame["kind"]))])


def _row(entry: Entry, record: Mapping[Any, Any]) -> dict[str, Any]:
    known = registry.models[record["model"]].options
    differing = {k: v for k, v in record["options"].items() if _plain(known.get(k)) != v}
    return {
        "kind": record["suite"],
        "model": record["model"],
        "options": json.dumps(differing, sort_keys=True),
        "task": entry.method.task,
        "steps": int(record["steps"]),
        "metric": entry.metric,
        "seeds": len(entry.seeds),
        "failed": entry.lost,
        "value": float(entry.filled(entry.worst).mean()),
        "normalised": float(entry.normalised.mean()),
    }


def _plain(value: object) -> object:
    """A default as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def _kind(frame: pd.DataFrame, kind: str) -> str:
    own = frame[frame["kind"] == kind]
    tasks = ", ".join(dict.fromkeys(own["task"]))
    chosen = [each for each in choices(own) if each.kind == kind]
    counts = sorted({each.settings for each in chosen})
    said = f"{kind.replace('-', ' ')}: {tasks}, {' or '.join(map(str, counts))} settings a method"
    rows = [f"| {c.model} | {_options(c.options)} | {c.quality:.3f} | {c.second:.3f} |" for c in chosen]
    head = ["| model | what differs from its paper | quality | of the next setting |", "|---|---|---:|---:|"]
    return "\n".join([f"## {said[0].upper()}{said[1:]}", "", *head, *rows, "", *_all(own)])


def _all(own: pd.DataFrame) -> list[str]:
    """Every setting, best first, with the mean of each metric."""
    scores = own.pivot_table("value", SETTING, ["task", "metric"], sort=False)
    names = [", ".join(reversed(pair)) for pair in scores.columns.tolist()]
    lines = ["<details><summary>Every setting</summary>", ""]
    lines += [f"| model | options | quality | {' | '.join(names)} |", f"|---|---|---:|{'---:|' * len(names)}"]
    for row in qualities(own).to_dict("records"):
        values = scores.loc[tuple(row[name] for name in SETTING)]
        cells = " | ".join(f"{value:.4g}" for value in values)
        options = _options(json.loads(row["options"]))
        lines.append(f"| {row['model']} | {options} | {row['quality']:.3f} | {cells} |")
    return [*lines, "", "</details>", ""]


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name} = {json.dumps(value)}`" for name, value in options.items()) or "nothing"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read runs, if any are given, into the table; write the page of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="?", type=Path, help="results of the suites, in place of the table's")
    parser.add_argument("--table", type=Path, default=Path("results/reference/pilots.csv"))
    parser.add_argument("--page", type=Path, default=Path("docs/defaults.md"))
    options = parser.parse_args(arguments)
    if options.runs:
        settings(load(options.runs)).to_csv(options.table, index=False, float_format="%.6g")
    options.page.write_text(page(pd.read_csv(options.table)), encoding="utf-8")


if __name__ == "__main__":
    main()
