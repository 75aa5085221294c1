"""What every registered claim promises. Each check takes a claim's name."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

from genbench.claims.claim import TIERS, Claim
from genbench.claims.verdicts import draw
from genbench.registry import claims
from genbench.types import Standing

OUTCOMES: tuple[Standing, ...] = ("supported", "refuted", "inconclusive")


def check_it_says_what_it_is(name: str) -> None:
    """Every text is there, and the claim is registered under its id."""
    claim = _claim(name)
    assert claim.id == name
    assert claim.slug == claim.slug.lower().replace(" ", "-")
    for text in (claim.statement, claim.hypothesis, claim.test, claim.lesson):
        assert text.endswith("."), f"{name}: {text!r} is no sentence"
    assert claim.sources
    assert all(source.heading for source in claim.sources)
    assert all(claim.budget(tier).seeds > 0 for tier in TIERS)


def check_every_outcome_can_come_out(name: str) -> None:
    """Made-up evidence leads to each outcome, with numbers to match; judging leaves the evidence alone."""
    claim = _claim(name)
    examples = claim.examples()
    assert set(examples) == set(OUTCOMES)
    for expected, frame in examples.items():
        before = frame.copy(deep=True)
        found = claim.judge(frame)
        assert found.outcome == expected, f"{name}: {found}"
        pd.testing.assert_frame_equal(frame, before)
        assert found.ci_low <= found.effect <= found.ci_high
        assert 0 <= found.p <= 1 or math.isnan(found.p)
        assert found.seeds > 0
        assert found.unit


def check_the_same_evidence_gives_the_same(name: str) -> None:
    """The judgement depends on neither chance nor the order of rows."""
    claim = _claim(name)
    for frame in claim.examples().values():
        shuffled = frame.sample(frac=1, random_state=0)
        assert claim.judge(frame) == claim.judge(frame)
        assert claim.judge(shuffled).outcome == claim.judge(frame).outcome


def check_it_can_be_drawn(name: str) -> None:
    """Evidence of the right form makes a figure."""
    claim = _claim(name)
    picture = draw(claim, claim.examples()["inconclusive"])
    assert picture.startswith(b"<?xml")


def _claim(name: str) -> Claim:
    made: Claim = claims[name].create()
    return made


CLAIM_CHECKS: tuple[Callable[[str], None], ...] = (
    check_it_says_what_it_is,
    check_every_outcome_can_come_out,
    check_the_same_evidence_gives_the_same,
    check_it_can_be_drawn,
)
