"""Commands that turn results into something to read, print or cite."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from genbench.store import Results

Folder = Annotated[Path, typer.Argument(help="A folder of results.")]


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

    results = _load(path)
    citations = _citations(results.records["model"].unique())
    index = write_report(results, out, citations, THRESHOLD if threshold is None else threshold)
    print(f"report: {index.resolve()}")


def _load(path: Path) -> Results:
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
