"""A report as one folder of static pages that work offline and from a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from genbench.report.claims import write_claims
from genbench.report.costs import THRESHOLD
from genbench.report.pages import write_index, write_run, write_task
from genbench.report.raw import write_frames
from genbench.report.site import clear, make_site, write_assets
from genbench.store import ClaimFolder, Results
from genbench.types import InputError


def write_report(
    results: Results,
    out: Path,
    citations: Mapping[str, str] | None = None,
    threshold: float = THRESHOLD,
    claims: Sequence[ClaimFolder] = (),
) -> Path:
    """Write the report of results into a folder; an earlier report in it is replaced.

    Args:
        citations: BibTeX by the name of a model.
        threshold: the quality up to which costs are counted; see `costs`.
        claims: verdicts to show on a page of their own.

    Returns:
        The page to open, ``index.html``.

    Raises:
        InputError: there are no runs, or `out` holds something that is no report.
    """
    if not results.folders:
        raise InputError("there are no runs to report; give a folder made by genbench run")
    clear(out)
    site = make_site(results, out, bool(claims))
    write_assets(site)
    write_frames(site.board, results, out / "data")
    for task in site.task_slugs:
        write_task(site, task)
    for page in site.pages.values():
        write_run(site, page)
    write_claims(site, claims)
    write_index(site, citations or {}, threshold)
    return out / "index.html"
