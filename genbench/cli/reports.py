"""Commands that turn results into something to read, print or cite."""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from genbench.report.compare import Comparison
    from genbench.store import Results

Folder = Annotated[str, typer.Argument(help="A folder of results, or its URL.")]


def report(
    path: Folder,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Where the report goes; an earlier one is replaced.")
    ] = Path("report"),
    threshold: Annotated[
        float | None, typer.Option(help="The normalised score up to which costs are counted.")
    ] = None,
) -> None:
    """Write a report for the browser: one folder, no network, no server."""
    from genbench.report.costs import THRESHOLD
    from genbench.report.html import write_report
    from genbench.store import claim_folders
    from genbench.store.place import place

    results = _load(path)
    citations = _citations(results.records["model"].unique())
    quality = THRESHOLD if threshold is None else threshold
    index = write_report(results, out, citations, quality, claim_folders(place(path)))
    print(f"report: {index.resolve()}")


class FigureFormat(enum.StrEnum):
    """How a figure is written."""

    pdf = "pdf"
    svg = "svg"
    png = "png"


def figures(
    path: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the figures go.", file_okay=False)] = Path(
        "figures"
    ),
    form: Annotated[
        list[FigureFormat] | None,
        typer.Option("--format", help="May be given several times.", show_default="all"),
    ] = None,
) -> None:
    """Draw the figures of a paper: scores, curves, aggregates, profiles, pairs and cost."""
    from genbench.report.figures import write_figures

    forms = [each.value for each in form or FigureFormat]
    for written in write_figures(_load(path), out, forms):
        print(written)


def compare(
    base: Annotated[str, typer.Argument(help="A folder of results to compare with, or its URL.")],
    new: Annotated[str, typer.Argument(help="The folder of results in question, or its URL.")],
    margin: Annotated[
        float, typer.Option(help="The change that is tolerated, as a share of the base's mean.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say what became better or worse between two folders; exit 1 on a significant regression."""
    from genbench.report.compare import as_dict
    from genbench.report.compare import compare as compare_results

    found = compare_results(_load(base), _load(new), margin)
    if as_json:
        print(json.dumps(as_dict(found), indent=1))
    else:
        _print_comparison(found, margin)
    if found.regressions:
        sys.exit(1)


def _print_comparison(found: Comparison, margin: float) -> None:
    from genbench.cli.printing import output
    from genbench.report.formats import comparison_tables

    console = output()
    for table in comparison_tables(found):
        console.print(table)
    for verb, keys in (("added", found.added), ("missing", found.missing)):
        for task, model, metric in keys:
            console.print(f"{verb}: {task} · {model} · {metric}", markup=False, highlight=False)
    count = len(found.regressions)
    console.print(
        f"{count} regression{'s' if count != 1 else ''} beyond a margin of {margin:.1%}", markup=False
    )


def _load(path: str) -> Results:
    from genbench.store import load

    results = load(path)
    for problem in results.problems:
        print(f"genbench: {problem}", file=sys.stderr)
    return results


def _citations(models: Iterable[str]) -> dict[str, str]:
    """BibTeX of the models that are known here and come from a paper."""
    from genbench.citations import bibtex
    from genbench.registry import models as registered

    cited = {name: registered[name].cite for name in models if name in registered}
    return {name: bibtex(key) for name, key in cited.items() if key}
