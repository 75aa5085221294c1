"""A report's folder: what its pages share, and how files get into it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from genbench.report.columns import seeds_text, symptoms_text
from genbench.report.entries import Entry, by_path, entries
from genbench.report.history import Histories, histories
from genbench.report.leaderboard import tabulate
from genbench.report.methods import methods
from genbench.report.names import slugs
from genbench.report.raw import RawTraces
from genbench.report.run_page import RunPage
from genbench.report.texts import failure_text, quantity_text, rank_text, score_text, with_interval
from genbench.store import Place, Results
from genbench.types import InputError

FOLDERS = ("assets", "data", "images", "runs", "tasks")
ASSETS = ("report.css", "report.js", "dataTables.min.js", "dataTables.LICENSE.txt")
MARK = '<meta name="generator" content="genbench">'


@dataclass(frozen=True)
class Site:
    """What all pages are made from.

    Attributes:
        pages: a page a run, by the run's path.
        scores, known: scores and history of each run, by its path.
        metrics: task → its metrics as on its leaderboard, with their directions.
    """

    results: Results
    out: Path
    board: pd.DataFrame
    made: list[Entry]
    pages: dict[str, RunPage]
    task_slugs: dict[str, str]
    scores: dict[str, pd.DataFrame]
    known: Histories
    metrics: dict[str, dict[str, str]]
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
    board = tabulate(results, made)
    with RawTraces(results, out / "data") as raw:
        known = histories(results, raw.add)
    depth = _common([folder.path for folder in shown])
    named = slugs("/".join(folder.path.parts[depth:]) for folder in shown)
    return Site(
        results=results,
        out=out,
        board=board,
        made=made,
        pages={
            str(folder.path): RunPage(folder, slug, found[str(folder.path)], folder.read_record())
            for folder, slug in zip(shown, named.values(), strict=True)
        },
        task_slugs=slugs(dict.fromkeys(method.task for method in found.values())),
        scores=by_path(results.scores),
        known=known,
        metrics=_metrics(board, (method.task for method in found.values())),
        templates=_templates(claimed),
    )


def _metrics(board: pd.DataFrame, tasks: Iterable[str]) -> dict[str, dict[str, str]]:
    scored = board[board["metric"].notna()]
    found: dict[str, dict[str, str]] = {task: {} for task in tasks}
    for task, metric, better in zip(scored["task"], scored["metric"], scored["better"], strict=True):
        found[task].setdefault(metric, better)
    return found


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


def _templates(claimed: bool) -> Environment:
    templates = Environment(
        loader=PackageLoader("genbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {
        "interval": score_text,
        "rank": rank_text,
        "failures": failure_text,
        "symptoms": symptoms_text,
        "seeds": seeds_text,
        "number": with_interval,
        "si": quantity_text,
        "breakable": _breakable,
    }
    templates.filters.update(filters)
    templates.globals.update(
        mark=MARK, claimed=claimed, written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    )
    return templates


def _breakable(name: str) -> Markup:
    """A name that a narrow cell may break before its settings and between them."""
    return Markup("<wbr>").join(re.split(r"(?=\[)|(?<=,)", name))


def _common(paths: list[Place]) -> int:
    """How many parts lead from the root to the folder that holds all runs."""
    levels = zip(*(path.parts[:-1] for path in paths), strict=False)
    return sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, levels))
