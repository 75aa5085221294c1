"""From evidence to verdicts: every claim's own test, then Holm over the claims judged together."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd

from genbench.claims.claim import Claim, Tier
from genbench.claims.decisions import ALPHA
from genbench.claims.fingerprint import is_stale
from genbench.report.figures import RC
from genbench.report.pairwise import holm
from genbench.store import ClaimFolder
from genbench.store.claims import Origin
from genbench.types import ClaimRecord, GenbenchError, Judgement, Standing

COLUMNS = ("id", "verdict", "effect", "ci_low", "ci_high", "p", "p_adjusted", "seeds", "source", "stale")


def conclude(
    chosen: Sequence[tuple[Claim, Tier]], out: Path, failed: Callable[[Claim, str], object] | None = None
) -> list[ClaimRecord]:
    """Judge the evidence that lies under `out`, write verdicts and figures beside it, and give the verdicts.

    Args:
        chosen: each claim with the tier whose evidence counts; p-values are adjusted for all of them.
        failed: told of a claim that raises when it judges or draws, which then has no verdict; None lets
            it raise.

    Raises:
        InputError: a claim has no evidence there.
    """
    judged = []
    for claim, tier in chosen:
        folder = ClaimFolder.under(out, tier, claim.id)
        frame = folder.read_evidence()
        try:
            judged.append((claim, tier, folder, claim.judge(frame), draw(claim, frame)))
        except (Exception, SystemExit) as error:  # a plugin's claim may raise anything
            if failed is None:
                raise
            failed(claim, explained(error))
    adjusted = adjust([judgement for *_, judgement, _ in judged])
    records = []
    for (claim, tier, folder, judgement, figure), p in zip(judged, adjusted, strict=True):
        record = _record(claim, tier, judgement, p, len(judged), folder.read_origin())
        folder.write_verdict(record, figure)
        records.append(record)
    return records


def explained(error: BaseException) -> str:
    """What a claim raised, in a line: a sentence of ours as it is, else with the exception's name."""
    return str(error) if isinstance(error, GenbenchError) else f"{type(error).__name__}: {error}"


def adjust(judgements: Sequence[Judgement]) -> list[float]:
    """Holm's adjusted p-values; a p that is not a number counts as 1."""
    return [float(p) for p in holm(np.nan_to_num(np.array([each.p for each in judgements]), nan=1.0))]


def verdict_of(judgement: Judgement, p_adjusted: float) -> Standing:
    """A supported claim needs its adjusted p-value too; a refuted one stands on its interval."""
    if judgement.outcome == "supported" and p_adjusted >= ALPHA:
        return "inconclusive"
    return judgement.outcome


def draw(claim: Claim, frame: pd.DataFrame) -> bytes:
    """A claim's figure as SVG, the same bytes for the same evidence."""
    with mpl.rc_context({**RC, "svg.hashsalt": claim.id}):
        buffer = io.BytesIO()
        claim.figure(frame).savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def place(name: str) -> tuple[str, int]:
    """Where a claim's id stands in a list: by its letters, then by its number, so that T2 precedes T10."""
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)


def as_json(records: Sequence[ClaimRecord]) -> dict[str, list[dict[str, Any]]]:
    """What ``genbench claims --json`` prints; numbers that are not finite are null."""
    rows = [{**asdict(record), **asdict(record.judgement)} for record in records]
    return {"claims": [{name: _plain(row[name]) for name in COLUMNS} for row in rows]}


def _record(
    claim: Claim, tier: Tier, judgement: Judgement, p: float, together: int, origin: Origin | None
) -> ClaimRecord:
    record = ClaimRecord(
        **{name: getattr(claim, name) for name in ("id", "slug", "statement", "source", "hypothesis")},
        test=claim.test,
        lesson=claim.lesson,
        tier=tier,
        budget=asdict(claim.budget(tier)),
        verdict=verdict_of(judgement, p),
        judgement=judgement,
        p_adjusted=p,
        together=together,
        seconds=0.0,
        checked=claim.checked,
    )
    if origin is None:
        return record
    stale = is_stale(claim, tier, origin)
    return replace(record, seconds=origin.seconds, environment=origin.environment, stale=stale)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
