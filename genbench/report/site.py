"""A report's folder: what its pages share, and how files get into it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from genbench.report.entries import Entry, by_path, entries
from genbench.report.leaderboard import tabulate
from genbench.report.methods import methods
from genbench.report.names import slugs
from genbench.report.run_page import RunPage
from genbench.report.texts import failure_text, quantity_text, rank_text, score_text
from genbench.store import Place, Results
from genbench.types import InputError

FOLDERS = ("assets", "data", "images", "runs", "tasks")
ASSETS = ("report.css", "report.js", "dataTables.min.js", "dataTables.LICENSE.txt")
MOST_EVIDENCE = 60
"""Pictures of evidence in a report, an equal share for each run with findings; they take long to draw."""

MARK = '<meta name="generator" content="genbench">'


@dataclass(frozen=True)
class Site:
    """What all pages are made from.

    Attributes:
        pages: a page a run, by the run's path.
        scores, traces: of each run, by its path.
        better: metric → direction.
        drawn: how many findings of a run have a picture of their evidence.
    """

    results: Results
    out: Path
    board: pd.DataFrame
    made: list[Entry]
    pages: dict[str, RunPage]
    task_slugs: dict[str, str]
    scores: dict[str, pd.DataFrame]
    traces: dict[str, pd.DataFrame]
    better: dict[str, str]
    drawn: int
    templates: Environment

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the report, such as ``data/pareto.js``."""
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def render(self, name: str, template: str, **values: Any) -> None:
        """Write a page; its template knows by `root` how to reach the report's folder."""
        page = self.templates.get_template(template).render(root="../" * name.count("/"), **values)
        self.write(name, page.encode())


def make_site(results: Results, out: Path, claimed: bool = False) -> Site:
    """Everything that the pages of a report have in common; `claimed` says that there is a page of claims."""
    made = entries(results)
    found = {path: method for method in methods(results.records) for path in method.paths}
    shown = [folder for folder in results.folders if str(folder.path) in found]
    depth = _common([folder.path for folder in shown])
    named = slugs("/".join(folder.path.parts[depth:]) for folder in shown)
    return Site(
        results=results,
        out=out,
        board=tabulate(results, made),
        made=made,
        pages={
            str(folder.path): RunPage(folder, slug, found[str(folder.path)], folder.read_record())
            for folder, slug in zip(shown, named.values(), strict=True)
        },
        task_slugs=slugs(dict.fromkeys(method.task for method in found.values())),
        scores=by_path(results.scores),
        traces=by_path(results.traces),
        better=dict(zip(results.scores["metric"], results.scores["better"], strict=True)),
        drawn=MOST_EVIDENCE // max(_with_findings(results), 1),
        templates=_templates(claimed),
    )


def _with_findings(results: Results) -> int:
    verdicts = results.verdicts
    return int(verdicts.loc[verdicts["verdict"] == "detected", "path"].nunique())


def clear(out: Path) -> None:
    """Remove an earlier report from a folder.

    Raises:
        InputError: the folder holds something else.
    """
    if not out.exists() or not any(out.iterdir()):
        return
    index = out / "index.html"
    if not index.exists() or MARK not in index.read_text(encoding="utf-8", errors="replace"):
        raise InputError(f"{out} holds something that is no report; give a new or empty folder")
    for name in FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)


def write_assets(site: Site) -> None:
    """Scripts and style, so that a page needs no network."""
    package = resources.files("genbench.report") / "assets"
    for name in ASSETS:
        site.write(f"assets/{name}", (package / name).read_bytes())
    site.write("assets/plotly.min.js", get_plotlyjs().encode())


def write_raw(site: Site) -> None:
    """The data behind the pages, as CSV and Parquet, without the paths of this machine."""
    results = site.results
    frames = {
        "leaderboard": site.board,
        "scores": results.scores.assign(flags=results.scores["flags"].map("; ".join)),
        "verdicts": results.verdicts.assign(onset=results.verdicts["onset"].astype("string")),
        "traces": results.traces,
    }
    for name, frame in frames.items():
        table = pa.Table.from_pandas(frame.drop(columns="path", errors="ignore"), preserve_index=False)
        for suffix, write in (("parquet", pa.parquet.write_table), ("csv", pa.csv.write_csv)):
            path = site.out / "data" / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            write(table, path)


def _templates(claimed: bool) -> Environment:
    templates = Environment(
        loader=PackageLoader("genbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"interval": score_text, "rank": rank_text, "failures": failure_text, "si": quantity_text}
    templates.filters.update(filters)
    templates.globals.update(
        mark=MARK, claimed=claimed, written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    )
    return templates


def _common(paths: list[Place]) -> int:
    """How many parts lead from the root to the folder that holds all runs."""
    levels = zip(*(path.parts[:-1] for path in paths), strict=False)
    return sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, levels))
