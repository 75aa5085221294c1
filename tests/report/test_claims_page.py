"""The report's page of claims: verdicts of the largest tier, escaped, reached from every page."""

import dataclasses

import pandas as pd
import pytest

from genbench import sources
from genbench.report.html import write_report
from genbench.store import ClaimFolder, claim_folders
from genbench.store.claims import Origin
from genbench.types import ClaimRecord, Judgement

CODE = {"genbench.ops.adversarial": ["saturating"]}
EVIL = "<script>alert(1)</script>"
PART = Judgement("refuted", -0.5, -0.6, -0.4, 0.99, 16, "a part")
RECORD = ClaimRecord(
    id="T4",
    slug="perfect-d",
    statement=EVIL,
    source="a file, “a slide”",
    hypothesis="It holds.",
    test="Mean above 0.",
    lesson="Learn.",
    tier="fast",
    budget={"seeds": 16},
    verdict="refuted",
    judgement=dataclasses.replace(PART, unit="an effect", parts=(PART,)),
    p_adjusted=1.0,
    together=3,
    seconds=1.0,
)


@pytest.fixture
def reported(place, tmp_path):
    """Write a report with these claim records and give its pages."""

    def made(*records: ClaimRecord) -> dict[str, str]:
        place.put("gan", {"modes": {0: 1.0, 1: 2.0}})
        for record in records:
            ClaimFolder.under(place.root, record.tier, record.id).write_verdict(record, b"<svg/>")
        out = tmp_path / "report"
        write_report(place.load(), out, claims=claim_folders(place.root))
        return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*.[hs][tv]*")}

    return made


def test_verdict_and_figure_are_shown_and_escaped(reported):
    pages = reported(RECORD)
    page = pages["claims.html"]
    assert "refuted" in page
    assert "-0.5 [-0.6, -0.4]" in page
    assert "genbench claims T4 --tier fast" in page
    assert EVIL not in page
    assert pages["images/claims/T4.svg"] == "<svg/>"


def test_what_earlier_code_measured_is_shown_as_stale(reported, place):
    folder = ClaimFolder.under(place.root, RECORD.tier, RECORD.id)
    for origin in (Origin("earlier", 1.0), Origin("earlier", 1.0, {}, CODE, "another digest")):
        folder.write_evidence(pd.DataFrame({"seed": [0]}), origin)
        page = reported(RECORD)["claims.html"]
        assert "<strong>refuted</strong>, stale" in page
        assert "measures it anew" in page


def test_what_todays_code_measured_is_not(reported, place):
    folder = ClaimFolder.under(place.root, RECORD.tier, RECORD.id)
    folder.write_evidence(pd.DataFrame({"seed": [0]}), Origin("today", 1.0, {}, CODE, sources.digest(CODE)))
    assert "stale" not in reported(RECORD)["claims.html"]
    assert "stale" in reported(dataclasses.replace(RECORD, stale=True))["claims.html"]


def test_every_page_links_to_it(reported):
    pages = reported(RECORD)
    assert 'href="claims.html"' in pages["index.html"]
    assert all('href="../claims.html"' in page for name, page in pages.items() if name.startswith("tasks/"))


def test_the_largest_tier_is_shown(reported):
    full = dataclasses.replace(RECORD, tier="full", verdict="supported")
    page = reported(full, RECORD)["claims.html"]
    assert "--tier full" in page
    assert "--tier fast" not in page


def test_no_claims_no_page(reported):
    pages = reported()
    assert "claims.html" not in pages
    assert "claims.html" not in pages["index.html"]
