"""The pages of a report: what each of them shows, and the files that it needs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from genbench.report import charts, curves
from genbench.report.aggregates import aggregates
from genbench.report.captions import captions
from genbench.report.cards import cards
from genbench.report.columns import columns
from genbench.report.costs import priced
from genbench.report.density import PIXELS, density_png
from genbench.report.entries import THROUGHPUT, last_scores
from genbench.report.panels import data_window
from genbench.report.plane import Window
from genbench.report.power import separations
from genbench.report.references import REFERENCES, reference_scores
from genbench.report.run_page import RunPage
from genbench.report.site import Site
from genbench.store.place import read

Row = dict[str, Any]


def write_index(site: Site, citations: Mapping[str, str], threshold: float) -> None:
    """The first page: leaderboards, aggregates, costs, and how to cite the methods."""
    together = aggregates(site.made)
    best_first = together["model"].tolist()
    table = priced(site.known, site.made, threshold)
    site.write("data/profiles.js", curves.script("profiles", charts.profiles(site.made, best_first)))
    matrix = charts.improvement_matrix(site.made, best_first)
    site.write("data/improvements.js", curves.script("improvements", matrix))
    site.write("data/pareto.js", curves.script("pareto", charts.pareto(table)))
    boards = [board(site, task) for task in site.task_slugs]
    runs = list(site.pages.values())
    shown = sorted({page.record.model for page in runs})
    site.render(
        "index.html",
        "index.html.j2",
        boards=boards,
        metrics=list(dict.fromkeys(name for each in boards for name in each["metrics"])),
        aggregates=together.to_dict("records"),
        costs=_known(table),
        threshold=threshold,
        citations={model: citations[model] for model in shown if model in citations},
        problems=site.results.problems,
        counts={
            "tasks": len(site.task_slugs),
            "methods": site.board["model"].nunique(),
            "runs": len(runs),
            "seeds": sum(len(page.record.seeds) for page in runs if page.record.status != "skipped"),
        },
    )


def board(site: Site, task: str) -> Row:
    """One task's leaderboard: a row a method, in the order of its first metric."""
    frame = site.board[site.board["task"] == task]
    rows: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[assignment]
    better = {row["metric"]: row["better"] for row in rows if row["metric"]}
    models: dict[str, dict[str, Row]] = {}
    for row in rows:
        models.setdefault(row["model"], {})[row["metric"] or ""] = row
    lines = [_line(site, task, model, own, list(better)) for model, own in models.items()]
    scored = [line for line in lines if line["scores"]]
    firsts = [line["ranked"] for line in scored]
    return {
        "task": task,
        "slug": site.task_slugs[task],
        "metrics": better,
        "columns": [column.name for column in columns(firsts)],
        "references": _references(rows),
        "rows": scored,
        "captions": [
            *(note for name, note in site.board.attrs.get("notes", {}).items() if name == task),
            *captions(list(better), firsts, [row for row in rows if row["metric"]]),
        ],
        "notes": [line for line in lines if line["status"] != "done"],
    }


def _references(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """The scores of real data and of the trivial sampler by the name of their row, where there are any."""
    scores = {name: reference_scores(rows, column) for column, name in REFERENCES.items()}
    return {name: own for name, own in scores.items() if own}


def write_task(site: Site, task: str) -> None:
    """A task's page: leaderboard, curves, and samples of all its methods beside each other."""
    slug, pages = site.task_slugs[task], _pages_of(site, task)
    methods = list({page.method.model: page.method for page in pages}.values())
    order = {row["model"]: place for place, row in enumerate(board(site, task)["rows"])}
    methods.sort(key=lambda method: order.get(method.model, len(order)))
    quantities = curves.method_quantities(site.known, methods, site.metrics[task])
    clock = f"curves/{slug}/clock"
    site.write(f"data/{clock}.js", curves.script(clock, curves.method_clock(site.known, methods)))
    listed = [(str(q["name"]), f"curves/{slug}/{index}") for index, q in enumerate(quantities)]
    for quantity, (_, key) in zip(quantities, listed, strict=True):
        site.write(f"data/{key}.js", curves.script(key, quantity))
    pages.sort(key=lambda page: order.get(page.method.model, len(order)))
    site.render(
        f"tasks/{slug}.html",
        "task.html.j2",
        board=board(site, task),
        needed=separations([entry for entry in site.made if entry.method.task == task]),
        quantities=listed,
        clock=clock,
        models=[method.model for method in methods],
        galleries=[gallery(page) for page in pages if page.steps],
        walks=[gallery(page) for page in pages if page.walks],
        densities=_densities(site, slug, pages),
        pages=pages,
    )


def write_run(site: Site, page: RunPage) -> None:
    """A run's page with its pictures, its curves, and the suite that repeats it."""
    for step in page.steps:
        site.write(f"images/{page.slug}/{step}.png", page.picture(step))
    if page.walks:
        site.write(f"images/{page.slug}/walks.png", read(page.walks))
    if page.toml:
        site.write(f"runs/{page.slug}.toml", page.toml.encode())
    task = page.method.task
    found = cards(page, site.known[str(page.folder.path)])
    if found.charts:
        site.write(f"data/{found.key}.js", curves.script(found.key, found.charts))
    site.render(
        f"runs/{page.slug}.html",
        "run.html.j2",
        page=page,
        record=page.record,
        task_slug=site.task_slugs[task],
        scores=_score_rows(site, page),
        quantities=_write_run_curves(site, page),
        names=[f"seed {seed}" for seed in page.record.seeds],
        gallery=gallery(page) if page.steps else None,
        verdicts=page.verdicts,
        cards=found,
        costs=_run_costs(page),
    )


def _write_run_curves(site: Site, page: RunPage) -> list[tuple[str, str]]:
    """Write the curves of a run's seeds; the name of each quantity and where it lies."""
    key, history = f"runs/{page.slug}", site.known[str(page.folder.path)]
    if history.clock is None:
        return []
    quantities = curves.run_quantities(history, site.metrics[page.method.task])
    site.write(f"data/{key}.js", curves.script(key, quantities))
    site.write(f"data/{key}-clock.js", curves.script(f"{key}-clock", curves.run_clock(history.clock)))
    return [(str(quantity["name"]), f"{key}#{index}") for index, quantity in enumerate(quantities)]


def gallery(page: RunPage) -> Row:
    """A run's pictures for a slider."""
    return {
        "slug": page.slug,
        "model": page.method.model,
        "steps": page.steps,
        "drawing": page.points is not None,
    }


def _line(site: Site, task: str, model: str, own: dict[str, Row], metrics: Sequence[str]) -> Row:
    any_row = next(iter(own.values()))
    scored = {name: own.get(name) for name in metrics} if "" not in own else {}
    first = next((row for name, row in scored.items() if row and name != THROUGHPUT), any_row)
    slugs = [page.slug for page in _pages_of(site, task) if page.method.model == model]
    return {**any_row, "ranked": first, "scores": scored, "runs": slugs}


def _pages_of(site: Site, task: str) -> list[RunPage]:
    return [page for page in site.pages.values() if page.method.task == task]


def _densities(site: Site, slug: str, pages: Sequence[RunPage]) -> Row | None:
    """Density pictures of all methods in the plane, all seeds together, real data first."""
    drawn = {page: page.points for page in pages}
    planar = {page: points for page, points in drawn.items() if points is not None}
    if not planar:
        return None
    real = next(iter(planar.values()))[1]
    window = data_window(real)
    site.write(f"images/{slug}/data.png", density_png(real, window))
    for page, (points, _) in planar.items():
        site.write(f"images/{page.slug}/density.png", density_png(points, window))
    data = next(page.record.data for page in planar)
    titles: list[tuple[str, str, str | None]] = [("data", f"{slug}/data", None)]
    titles += [(page.method.model, f"{page.slug}/density", page.slug) for page in planar]
    return {"panels": titles, "rings": _rings(data, window), "pixels": PIXELS}


def _rings(data: Mapping[str, Any], window: Window) -> list[tuple[float, float, float]]:
    """Centre and radius of three standard deviations of each true mode, in pixels of a picture."""
    left, right, _, top = window
    scale = PIXELS / (right - left)
    radius = max(3 * data.get("sigma", 0.0) * scale, 3.0)
    return [((x - left) * scale, (top - y) * scale, radius) for x, y, *_ in data.get("modes", [])]


def _score_rows(site: Site, page: RunPage) -> Row:
    """Seeds by metrics, at the last step of each seed."""
    final = last_scores(page.method, {path: own for path, own in [_scores_of(site, page)] if len(own)})
    rows = {seed: [_number(own.get(seed)) for own in final.values()] for seed in page.record.seeds}
    return {"metrics": list(final), "rows": rows}


def _scores_of(site: Site, page: RunPage) -> tuple[str, pd.DataFrame]:
    path = str(page.folder.path)
    return path, site.scores.get(path, pd.DataFrame())


def _number(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.4g}"


def _run_costs(page: RunPage) -> Row:
    record = page.record
    flops = record.cost.get("flops", [])
    return {
        "training_seconds": record.seconds.get("training"),
        "evaluation_seconds": record.seconds.get("evaluation"),
        "peak_bytes": record.cost.get("peak_bytes"),
        "flops": flops[0][1] if flops else None,
    }


def _known(frame: pd.DataFrame) -> list[Row]:
    rows: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[assignment]
    return rows
