"""The page of a report that shows claims and their verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from genbench.report.site import Site
from genbench.store import ClaimFolder
from genbench.types import ClaimRecord, InputError


def write_claims(site: Site, folders: Sequence[ClaimFolder]) -> None:
    """Write ``claims.html`` and its figures; nothing if there are no claims.

    Of a claim that was run in several tiers the last by name is shown: gpu, full, fast. What was measured by
    other code than there is now is shown as stale.
    """
    shown: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for folder in sorted(folders, key=lambda folder: ("fast", "full", "gpu").index(folder.path.parent.name)):
        try:
            record = folder.read_verdict()
            site.write(f"images/claims/{record.id}.svg", folder.figure.read_bytes())
        except (InputError, OSError) as error:
            problems.append(str(error))
        else:
            shown[record.id] = {**dataclasses.asdict(record), "stale": _is_stale(folder, record)}
    if shown or problems:
        rows = sorted(shown.values(), key=lambda row: (row["id"][0], len(row["id"]), row["id"]))
        site.render("claims.html", "claims.html.j2", claims=rows, problems=problems)


def _is_stale(folder: ClaimFolder, record: ClaimRecord) -> bool:
    origin = folder.read_origin()
    return record.stale or (origin is not None and not origin.current)
