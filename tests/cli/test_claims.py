"""genbench claims from the outside."""

import json

import pytest


@pytest.fixture
def quick(monkeypatch):
    """Claim T13 with hardly any budget."""
    import dataclasses

    from genbench.claims.claim import Budget
    from genbench.claims.experiments.autoencoders import t13_elbo
    from genbench.registry import claims

    whole = claims["T13"].create()
    small = dataclasses.replace(whole, fast=Budget(seeds=10, size=100))
    entry = dataclasses.replace(claims["T13"], factory=lambda: small)
    monkeypatch.setitem(claims._entries, "T13", entry)
    return t13_elbo


def test_json_holds_what_was_promised_and_nothing_else_is_printed(genbench, quick, tmp_path):
    code, out, err = genbench("claims", "T13", "--out", tmp_path, "--json")
    assert code == 0
    (row,) = json.loads(out)["claims"]
    names = {"id", "verdict", "effect", "ci_low", "ci_high", "p", "p_adjusted", "seeds", "source", "stale"}
    assert set(row) == names
    assert row["stale"] is False
    assert row["id"] == "T13"
    assert "T13 elbo-is-a-bound: measured" in err


def test_a_second_call_keeps_what_is_there_and_prints_a_table(genbench, quick, tmp_path):
    genbench("claims", "T13", "--out", tmp_path)
    code, out, err = genbench("claims", "elbo-is-a-bound", "t13", "--out", tmp_path)
    assert code == 0
    assert "evidence kept from before" in err
    assert "T13 elbo-is-a-bound" in out
    assert "supported" in out


@pytest.fixture
def stale(genbench, quick, tmp_path):
    """A folder of results in which the evidence of T13 was made by other code."""
    genbench("claims", "T13", "--out", tmp_path)
    file = tmp_path / "claims" / "verdicts" / "fast" / "T13" / "evidence.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "key": "other", "digest": "other"}))
    return tmp_path


def test_what_is_stale_is_read_judged_and_shown_as_stale(genbench, stale):
    _, out, err = genbench("claims", "T13", "--out", stale, "--no-measure")
    assert "supported, stale" in out
    command = f"genbench claims T13 --tier fast --out {stale}"
    said = f"stale, measured by earlier code: T13; {command} measures that anew"
    assert said in err
    assert "measured in" not in err
    code, out, err = genbench("claims", "T13", "--out", stale, "--no-measure", "--json")
    assert code == 0
    assert said in err
    assert json.loads(out)["claims"][0]["stale"] is True


def test_what_is_stale_is_measured_anew(genbench, stale):
    _, out, err = genbench("claims", "T13", "--out", stale)
    assert "T13 elbo-is-a-bound: measured" in err
    assert "stale" not in out


def test_without_measuring_and_without_evidence_there_is_nothing_to_judge(genbench, quick, tmp_path):
    code, _, err = genbench("claims", "T13", "--out", tmp_path, "--no-measure")
    assert code == 2
    assert "holds no evidence of T13" in err


def test_an_unknown_claim_is_answered_with_its_nearest(genbench, tmp_path):
    code, _, err = genbench("claims", "kl-closed-from", "--out", tmp_path)
    assert code == 2
    assert err.strip() == "genbench: no claim is called 'kl-closed-from'; did you mean kl-closed-form?"


def test_claims_are_listed(genbench):
    code, out, _ = genbench("list", "claims", "--json")
    listed = {row["name"]: row["summary"] for row in json.loads(out)}
    assert code == 0
    assert len(listed) >= 20
    assert listed["T11"].startswith("KL(")
