"""Evidence is made once, runs are shared, failures harm nothing else, and verdicts are written whole."""

import dataclasses
import json

import pytest
import torch
import toys

from genbench.claims.claim import Budget, Experiment
from genbench.claims.gathering import Lab, configs_of, gather
from genbench.claims.verdicts import adjust, as_json, conclude, verdict_of
from genbench.engine.placement import Placement
from genbench.store import ClaimFolder, claim_folders, load
from genbench.store.claims import Origin
from genbench.types import InputError, Judgement
from genbench.watcher import Watcher


class Heard(Watcher):
    """A watcher that remembers."""

    def __init__(self):
        self.run_count, self.kept, self.failures = [], [], {}

    def expect(self, runs):
        self.run_count.append(runs)

    def measured(self, claim, seconds, kept):
        self.kept.append((claim.id, kept))

    def failed(self, claim, reason):
        self.failures[claim.id] = reason


@pytest.fixture
def lab(tmp_path):
    toys.measured.clear()
    return Lab(tmp_path, "fast", Placement(torch.device("cpu")), Heard())


def test_finished_evidence_is_kept_and_other_budgets_are_measured_anew(lab):
    claim = toys.toy("X1")
    assert gather([claim], lab) == [claim]
    assert gather([claim], lab) == [claim]
    assert toys.measured == ["X1"]
    assert lab.watcher.kept == [("X1", False), ("X1", True)]
    gather([dataclasses.replace(claim, fast=Budget(seeds=7))], lab)
    assert toys.measured == ["X1", "X1"]


def test_stale_evidence_is_read_and_judged_as_stale(lab, tmp_path):
    claim = toys.toy("X1")
    gather([claim], lab)
    (fresh,) = conclude([(claim, "fast")], tmp_path)
    folder = lab.folder(claim)
    folder.write_evidence(folder.read_evidence(), Origin("a key of earlier code", 1.0))
    (stale,) = conclude([(claim, "fast")], tmp_path)
    assert (fresh.stale, stale.stale) == (False, True)
    assert folder.read_verdict() == stale
    assert stale.judgement == fresh.judgement


def test_stale_evidence_stays_until_there_is_new_one(lab):
    claim = toys.toy("X1")
    gather([claim], lab)
    folder = lab.folder(claim)
    folder.write_evidence(folder.read_evidence(), Origin("a key of earlier code", 1.0))
    broken = dataclasses.replace(claim, evidence=Experiment(toys.broken))
    assert gather([broken], lab) == [broken]
    assert lab.watcher.failures == {"X1": "ZeroDivisionError: toy"}
    assert folder.read_origin().key == "a key of earlier code"
    assert gather([claim], lab) == [claim]
    assert folder.read_origin().current
    assert folder.read_origin().key != "a key of earlier code"


def test_evidence_of_before_code_was_noted_is_read_and_not_current(tmp_path):
    folder = ClaimFolder.under(tmp_path, "fast", "X1")
    folder.path.mkdir(parents=True)
    (folder.path / "evidence.json").write_text('{"key": "c5c9", "seconds": 1.5, "environment": {}}')
    assert folder.read_origin() == Origin("c5c9", 1.5)
    assert not folder.read_origin().current


def test_claims_that_need_the_same_runs_share_them(lab, tmp_path):
    both = [toys.toy("X2", toys.RUNS), toys.toy("X3", toys.RUNS)]
    assert configs_of(both[0], "fast") == configs_of(both[1], "fast")
    assert gather(both, lab) == both
    assert lab.watcher.run_count == [1]
    assert len(load(tmp_path).folders) == 1
    frame = lab.folder(both[0]).read_evidence()
    assert list(frame["seed"]) == list(range(6))


def test_a_claim_that_breaks_is_reported_and_the_others_go_on(lab):
    claims = [toys.toy("X0", Experiment(toys.broken)), toys.toy("X1")]
    assert gather(claims, lab) == claims[1:]
    assert lab.watcher.failures == {"X0": "ZeroDivisionError: toy"}


def test_a_claim_that_breaks_anywhere_else_harms_no_other(lab, tmp_path):
    late = [toys.toy("X2", judge=toys.broken), toys.toy("X3", figure=toys.broken)]
    early = toys.toy("X0", dataclasses.replace(toys.RUNS, suite=toys.broken))
    ready = gather([early, *late, toys.toy("X1")], lab)
    records = conclude([(claim, "fast") for claim in ready], tmp_path, lab.watcher.failed)
    assert [record.id for record in records] == ["X1"]
    assert set(lab.watcher.failures) == {"X0", "X2", "X3"}
    assert records[0].together == 1


def test_a_stop_leaves_the_rest_unmeasured(lab):
    stopped = dataclasses.replace(lab, stopping=lambda: True)
    assert gather([toys.toy("X1"), toys.toy("X2", toys.RUNS)], stopped) == []
    assert toys.measured == []


def test_verdicts_are_written_and_read_back(lab, tmp_path):
    claim = toys.toy("X1", checked="Nothing to check.")
    gather([claim], lab)
    (record,) = conclude([(claim, "fast")], tmp_path)
    (folder,) = claim_folders(tmp_path)
    assert folder.read_verdict() == record
    assert folder.figure.read_bytes().startswith(b"<?xml")
    assert record.verdict == "supported"
    assert record.environment["versions"]["torch"] == torch.__version__.split("+")[0]
    row = as_json([record])["claims"][0]
    names = ["id", "verdict", "effect", "ci_low", "ci_high", "p", "p_adjusted", "seeds", "source", "stale"]
    assert list(row) == names
    assert row["source"] == "001_14b26ea1eb963bb1.txt, “A slide”"
    json.dumps(row, allow_nan=False)


def test_missing_and_damaged_files_are_explained(tmp_path):
    folder = ClaimFolder.under(tmp_path, "fast", "X1")
    with pytest.raises(InputError, match=r"evidence\.parquet cannot be read"):
        folder.read_evidence()
    folder.path.mkdir(parents=True)
    (folder.path / "evidence.parquet").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="is damaged"):
        folder.read_evidence()
    (folder.path / "verdict.json").write_text("{}")
    with pytest.raises(InputError, match="is damaged"):
        folder.read_verdict()


def test_holm_may_take_support_away_but_never_a_refutation():
    weak = Judgement("supported", 1, 0.1, 2, 0.03, 8, "x")
    strong = Judgement("supported", 1, 0.5, 2, 0.001, 8, "x")
    refuted = Judgement("refuted", -1, -2, -0.1, 0.99, 8, "x")
    adjusted = adjust([weak, strong, refuted, dataclasses.replace(weak, p=float("nan"))])
    assert adjusted == pytest.approx([0.09, 0.004, 1, 1])
    verdicts = [verdict_of(each, p) for each, p in zip([weak, strong, refuted], adjusted, strict=False)]
    assert verdicts == ["inconclusive", "supported", "refuted"]
