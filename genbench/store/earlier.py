"""Verdicts that were written before they said how much they weigh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from genbench.types import Level, Verdict

LEVELS: Mapping[str, Level] = {
    "convergence_failure": "failure",
    "mode_collapse": "failure",
    "memorisation": "failure",
    "inactive_units": "note",
    "checkerboard": "note",
}
"""What weighs more or less than a symptom, by detector.

The most that a finding of the detector can weigh today: chains that do not mix are a symptom, for want of
healthy runs. It stands here as well, since reading a run needs no detector; a test holds the two together.
"""


def with_level(verdict: Verdict) -> Verdict:
    """The verdict with the level of its detector's findings, ``symptom`` for one that is not known here.

    Its p-value is left out: it was adjusted for the number of detectors, so it means something else than
    those of today, and it could be 1 beside a finding.
    """
    return replace(verdict, level=LEVELS.get(verdict.detector, "symptom"), p=None)
