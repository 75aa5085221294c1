"""All detectors together, and the parts they share."""

import numpy as np
import pandas as pd
import pytest
from traces_by_hand import GAN, LOOKS, since, trace

from genbench.detectors import diagnose
from genbench.detectors.calibration import ENOUGH, Limit, limits, provenance
from genbench.detectors.detector import UNUSUAL, Detector, Rule, excursion
from genbench.detectors.series import Series, by_seed
from genbench.registry import detectors
from genbench.store.earlier import LEVELS
from genbench.types import InputError, Trace, Verdict, detections


def test_a_verdict_for_every_seed_and_detector():
    both = Trace(pd.concat([trace(GAN, seed=seed).frame for seed in (3, 1)]))
    verdicts = diagnose(both)
    assert [(v.seed) for v in verdicts] == [1] * len(detectors) + [3] * len(detectors)
    assert {v.detector for v in verdicts if v.seed == 3} == set(detectors)
    assert not [v for v in verdicts if v.verdict == "detected"]


def test_seeds_do_not_touch_each_other():
    sick = trace(GAN, seed=1, sample__starved_mass=0.7)
    both = Trace(pd.concat([trace(GAN, seed=0).frame, sick.frame]))
    found = [v for v in diagnose(both) if v.verdict == "detected"]
    assert [(v.seed, v.detector) for v in found] == [(1, "mode_collapse")]
    assert found == [v for v in diagnose(sick) if v.verdict == "detected"]


def test_consequences_name_their_cause():
    sick = trace(
        GAN, generator__score_gradient=since(10, 1e-5, 0.9), sample__starved_mass=since(30, 0.7, 0.0)
    )
    cause, effect = (v for v in diagnose(sick) if v.verdict == "detected")
    assert (cause.detector, effect.detector) == ("vanishing_gradient", "mode_collapse")
    assert "consequence" not in cause.evidence
    assert "likely a consequence of vanishing_gradient" in effect.evidence
    assert (cause.cause, effect.cause) == (None, "vanishing_gradient")


def test_a_later_cause_is_none():
    sick = trace(
        GAN, generator__score_gradient=since(40, 1e-5, 0.9), sample__starved_mass=since(10, 0.7, 0.0)
    )
    assert all("consequence" not in v.evidence and v.cause is None for v in diagnose(sick))


def test_unknown_detectors_are_answered_with_known_ones():
    with pytest.raises(InputError, match="did you mean mode_collapse"):
        diagnose(trace(GAN), ["mode_colapse"])


def test_values_that_are_not_finite_are_left_out():
    bad = np.where(np.arange(LOOKS) == 10, np.nan, 0.0)
    (signals,) = by_seed(trace(GAN, sample__starved_mass=bad))
    assert len(signals["sample/starved_mass"]) == LOOKS - 1


def test_a_p_value_is_of_its_own_detector_alone():
    """Two rules of convergence failure apply to images, whatever other detectors there are."""
    sick = trace(GAN, sample__energy_distance=1.0)
    (alone,), (among,) = (
        [v for v in diagnose(sick, names) if v.detector == "convergence_failure"]
        for names in (["convergence_failure"], None)
    )
    healthy = len(limits()["convergence_failure/never_learned_images"].healthy)
    assert alone.p == among.p == pytest.approx(2 / (healthy + 1))


@pytest.fixture
def calibrated(monkeypatch):
    """A detector of one rule that measures 1 against a limit of ½, with healthy runs as asked for."""

    def make(*healthy: float, level="failure") -> Detector:
        monkeypatch.setattr("genbench.detectors.detector.limits", lambda: {"odd/rule": Limit(0.5, healthy)})
        rule = Rule("odd/rule", lambda signals: Series(np.arange(20), np.ones(20)), "oddness")
        return Detector("odd", [rule], "anything", "none", order=1, level=level)

    return make


def test_a_rule_with_too_few_healthy_runs_raises_no_failure(calibrated):
    (few,) = calibrated(*[0.0] * (ENOUGH - 1))(trace(GAN))
    assert (few.verdict, few.level, few.p) == ("detected", "symptom", None)
    assert few.evidence.endswith(f"limit from {ENOUGH - 1} healthy runs, no p-value")
    (enough,) = calibrated(*[0.0] * ENOUGH)(trace(GAN))
    assert (enough.verdict, enough.level, enough.p) == ("detected", "failure", 1 / (ENOUGH + 1))


def test_what_healthy_runs_often_pass_is_no_failure_and_has_no_p_value(calibrated):
    """At a limit that 3 of 59 healthy runs pass, p is 4/60."""
    (common,) = calibrated(*[0.0] * 56, *[1.0] * 3)(trace(GAN))
    assert (common.verdict, common.level, common.p) == ("detected", "symptom", None)


def test_a_note_stays_a_note(calibrated):
    (few,), (enough,) = (calibrated(*[0.0] * n, level="note")(trace(GAN)) for n in (3, 100))
    assert (few.level, enough.level) == ("note", "note")


def test_no_limit_lets_a_finding_have_a_large_p_value():
    """The largest that a finding can have: at its limit, Bonferroni over the rules of its detector."""
    known = 0
    for entry in detectors.values():
        rules = entry.create().rules
        for limit in (limits()[rule.name] for rule in rules):
            p = limit.p_value(limit.value)
            known += p is not None
            # Rules that apply at once: of convergence, one of the two that are for points and for images.
            together = sum(rule.unless is None for rule in rules) - (entry.name == "convergence_failure")
            assert p is None or together * p < UNUSUAL
    assert known == 18


def test_numbers_that_are_not_finite_are_a_failure_and_large_ones_a_symptom():
    finite, broken = (
        next(v for v in diagnose(trace(GAN, **signals)) if v.detector == "exploding_gradient")
        for signals in ({"generator__grad_norm": since(30, 1e6, 1.0)}, {"run__finite": since(30, 0.0, 1.0)})
    )
    assert (finite.verdict, finite.level) == ("detected", "symptom")
    assert (broken.verdict, broken.level, broken.subtype) == ("detected", "failure", "not finite")


def test_verdicts_of_earlier_versions_weigh_what_their_detectors_findings_can_weigh():
    for entry in detectors.values():
        detector = entry.create()
        calibrated = any(len(limits()[rule.name].healthy) >= ENOUGH for rule in detector.rules)
        most = "symptom" if detector.level == "failure" and not calibrated else detector.level
        assert LEVELS.get(detector.name, "symptom") == most


def test_failures_come_first_and_what_is_clear_is_left_out():
    told = [
        Verdict(0, "a", "detected", "", level="note"),
        Verdict(0, "b", "clear", "", level="failure"),
        Verdict(0, "c", "detected", ""),
        Verdict(1, "d", "detected", "", level="failure"),
        Verdict(0, "e", "detected", "", level="failure"),
    ]
    assert [verdict.detector for verdict in detections(told)] == ["d", "e", "c", "a"]


def test_conformal_p_values_are_never_too_small():
    rng = np.random.default_rng(0)
    healthy = Limit(0.0, tuple(sorted(rng.normal(size=99))))
    p = np.array([healthy.p_value(score) for score in rng.normal(size=4000)])
    assert (p <= 0.05).mean() < 0.11  # given one calibration set, the level itself varies
    averaged = np.mean(
        [Limit(0.0, tuple(sorted(rng.normal(size=99)))).p_value(rng.normal()) <= 0.05 for _ in range(4000)]
    )
    assert averaged == pytest.approx(0.05, abs=0.012)
    assert Limit(0.0).p_value(1.0) is None


def test_excursions():
    series = Series(np.arange(10) * 10, np.array([0.0, 9, 0, 0, 9, 9, 9, 9, 9, 9]))
    lasting = Rule("any", lambda signals: series, "", window=3)
    assert excursion(series, lasting, 5.0).onset == (30, 40)
    assert excursion(series, lasting, 10.0) == (9.0, None)
    spike = Rule("any", lambda signals: series, "", window=1, lasting=False)
    assert excursion(series, spike, 5.0).onset == (0, 10)


def test_every_rule_has_a_limit_and_no_limit_is_idle():
    rules = {rule.name for entry in detectors.values() for rule in entry.create().rules}
    assert rules == set(limits())
    assert provenance()
