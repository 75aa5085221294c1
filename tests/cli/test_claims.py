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
    assert set(row) == {"id", "verdict", "effect", "ci_low", "ci_high", "p", "p_adjusted", "seeds", "source"}
    assert row["id"] == "T13"
    assert "T13 elbo-is-a-bound: measured" in err


def test_a_second_call_keeps_what_is_there_and_prints_a_table(genbench, quick, tmp_path):
    genbench("claims", "T13", "--out", tmp_path)
    code, out, err = genbench("claims", "elbo-is-a-bound", "t13", "--out", tmp_path)
    assert code == 0
    assert "evidence kept from before" in err
    assert "T13 elbo-is-a-bound" in out
    assert "supported" in out


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
