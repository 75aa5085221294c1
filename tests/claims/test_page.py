"""The page of all claims is what its command makes of the evidence that is committed."""

import dataclasses
from pathlib import Path

import pytest
import toys

from genbench.claims import page
from genbench.claims.verdicts import _record, place

ROOT = Path(__file__).parents[2]


@pytest.fixture
def record():
    claim = toys.toy("X1", checked="The seeds, one by one.")
    return _record(claim, "fast", claim.judge(claim.examples()["refuted"]), 1.0, 1, None)


def test_a_section_says_all_that_is_known(record):
    written = page.render([record])
    for text in (record.statement, record.hypothesis, record.test, record.lesson, record.source):
        assert text in written
    assert "1 claims: 0 supported, 1 refuted, 0 inconclusive." in written
    assert "[X1](#x1-toy-x1)" in written
    assert "**X1** (refuted): The seeds, one by one." in written
    assert "genbench claims X1 --tier fast" in written


def test_stale_evidence_is_said_to_be_stale(record):
    assert "stale" not in page.render([record]).lower()
    written = page.render([record, dataclasses.replace(record, id="X2", stale=True)])
    assert "The evidence of 1 is **stale**" in written
    assert "| **refuted**, stale |" in written
    assert "*Stale:* measured by earlier code; the command below measures it anew." in written


def test_ids_are_ordered_by_number():
    assert sorted(["T10", "T2", "B1", "G3"], key=place) == ["B1", "G3", "T2", "T10"]


def test_the_committed_page_is_made_of_the_committed_evidence(tmp_path):
    records = page.write_page(_copied(tmp_path), tmp_path / "docs" / "claims.md")
    assert len(records) >= 1
    assert (tmp_path / "docs" / "claims.md").read_text() == (ROOT / "docs" / "claims.md").read_text()


def _copied(tmp_path: Path) -> Path:
    import shutil

    (tmp_path / "docs").mkdir()
    target = tmp_path / "results"
    shutil.copytree(ROOT / "results/reference/claims/verdicts", target / "claims" / "verdicts")
    return target
