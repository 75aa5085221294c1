"""All detectors together, and the parts they share."""

import numpy as np
import pandas as pd
import pytest
from traces_by_hand import GAN, LOOKS, since, trace

from genbench.detectors import diagnose
from genbench.detectors.calibration import Limit, limits, provenance
from genbench.detectors.detector import Rule, excursion
from genbench.detectors.diagnosis import holm
from genbench.detectors.series import Series, by_seed
from genbench.registry import detectors
from genbench.types import InputError, Trace, Verdict


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


def test_a_later_cause_is_none():
    sick = trace(
        GAN, generator__score_gradient=since(40, 1e-5, 0.9), sample__starved_mass=since(10, 0.7, 0.0)
    )
    assert all("consequence" not in v.evidence for v in diagnose(sick))


def test_unknown_detectors_are_answered_with_known_ones():
    with pytest.raises(InputError, match="did you mean mode_collapse"):
        diagnose(trace(GAN), ["mode_colapse"])


def test_values_that_are_not_finite_are_left_out():
    bad = np.where(np.arange(LOOKS) == 10, np.nan, 0.0)
    (signals,) = by_seed(trace(GAN, sample__starved_mass=bad))
    assert len(signals["sample/starved_mass"]) == LOOKS - 1


def test_holm_by_hand():
    given = [Verdict(0, str(p), "clear", "", p=p) for p in (0.04, 0.01, None, 0.03)]
    assert [v.p for v in holm(given)] == pytest.approx([0.06, 0.03, None, 0.06])


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
