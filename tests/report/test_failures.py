"""What counts as a failed seed, of how many that could be judged."""

import math
from typing import Any

import numpy as np
import pytest

from genbench.report.entries import Anchors, entries
from genbench.report.failures import Failures, _root, count_failures
from genbench.types import Level, Outcome, Verdict

Place = Any
NEVER_SCORED: dict[str, dict[int, float]] = {}


def told(
    seed: int, detector: str, level: Level, verdict: Outcome = "detected", cause: str | None = None
) -> Verdict:
    return Verdict(seed, detector, verdict, "", level=level, cause=cause)


def counted(place: Place) -> Failures:
    results = place.load()
    (found,) = count_failures(results, entries(results)).values()
    return found


def put(place: Place, *verdicts: Verdict, seeds: int = 4, **record: Any) -> None:
    """A run whose scores say nothing of failures: what real data score is not known."""
    run = place.put("gan", {"modes": dict.fromkeys(range(seeds), 8.0)}, seeds=range(seeds), **record)
    run.write_verdicts(verdicts)


def test_nobody_is_judged_where_nothing_could_have_been_seen(place: Place) -> None:
    put(
        place,
        told(0, "mode_collapse", "failure", "not applicable"),
        told(1, "convergence_failure", "failure", "insufficient evidence"),
        told(2, "oscillation", "symptom", "clear"),
    )
    found = counted(place)
    assert found[:2] == (0, 0)
    assert all(map(math.isnan, found[2:5]))


def test_the_denominator_is_the_seeds_that_a_failures_detector_could_judge(place: Place) -> None:
    put(place, told(0, "mode_collapse", "failure"), told(1, "memorisation", "failure", "clear"))
    found = counted(place)
    assert (found.judged, found.failures, found.failure_rate) == (2, 1, 0.5)
    assert (found.failure_low, found.failure_high) == pytest.approx((0.095, 0.905), abs=1e-3)


def test_symptoms_and_notes_are_no_failures(place: Place) -> None:
    clear = [told(seed, "mode_collapse", "failure", "clear") for seed in range(4)]
    put(place, *clear, told(0, "oscillation", "symptom"), told(1, "inactive_units", "note"))
    assert counted(place)[:3] == (4, 0, 0.0)
    assert counted(place).symptoms == 1


def test_a_seed_with_several_failures_counts_once(place: Place) -> None:
    put(place, told(0, "mode_collapse", "failure"), told(0, "convergence_failure", "failure"))
    assert counted(place)[:2] == (1, 1)


@pytest.mark.parametrize(
    ("findings", "symptoms"),
    [
        pytest.param([("oscillation", "symptom", "convergence_failure")], 0, id="its consequence"),
        pytest.param([("oscillation", "symptom", None)], 1, id="another"),
        pytest.param([("oscillation", "symptom", None), ("dead_units", "symptom", None)], 1, id="two"),
    ],
)
def test_a_symptom_counts_once_with_its_failure(
    place: Place, findings: list[tuple[str, Level, str | None]], symptoms: int
) -> None:
    own = [told(0, name, level, cause=cause) for name, level, cause in findings]
    put(place, told(0, "convergence_failure", "failure"), *own)
    assert (counted(place).failures, counted(place).symptoms) == (1, symptoms)


def test_a_failure_counts_once_with_the_symptom_that_caused_it(place: Place) -> None:
    put(
        place,
        told(0, "vanishing_gradient", "symptom"),
        told(0, "convergence_failure", "failure", cause="vanishing_gradient"),
    )
    assert (counted(place).failures, counted(place).symptoms) == (1, 0)


def test_causes_are_followed_to_their_root_and_not_in_circles() -> None:
    assert _root("c", {"c": "b", "b": "a"}) == "a"
    assert _root("a", {"a": "b", "b": "a"}) in {"a", "b"}


def test_a_seed_that_could_not_be_trained_is_a_judged_failure_without_symptoms(place: Place) -> None:
    put(place, told(1, "exploding_gradient", "symptom"), failures={1: "not finite"})
    assert counted(place)[:2] == (1, 1)
    assert counted(place).symptoms == 0


def test_a_score_that_is_not_finite_is_a_failure(place: Place) -> None:
    place.put("gan", {"modes": {0: math.nan, 1: 8.0}})
    assert counted(place)[:2] == (1, 1)


def test_a_score_worse_than_the_trivial_samplers_is_a_failure_and_any_score_judges(place: Place) -> None:
    anchors = {"modes": {"trivial": 4.0, "real": 8.0}}
    place.put("gan", {"modes": {0: 2.0, 1: 3.9, 2: 4.0, 3: 8.0}}, seeds=range(4), anchors=anchors)
    assert counted(place)[:2] == (4, 1)


def test_where_the_trivial_sampler_is_the_truth_to_be_worse_is_no_failure(place: Place) -> None:
    anchors = {"distance": {"trivial": 0.0811, "real": 0.0690}}
    place.put("gan", {"distance": {0: 0.3, 1: 0.08}}, anchors=anchors)
    assert counted(place)[:2] == (0, 0)


def test_the_first_metric_judges_and_throughput_never_does(place: Place) -> None:
    anchors = {"modes": {"trivial": 4.0, "real": 8.0}, "distance": {"trivial": 1.0, "real": 0.1}}
    values = {"modes": {0: 8.0, 1: 8.0}, "distance": {0: 5.0, 1: 5.0}}
    place.put("gan", values, anchors=anchors, seconds={"training": 2.0}, examples=100)
    assert counted(place)[:2] == (2, 0)


def test_a_run_that_failed_before_any_score_is_judged_and_failed(place: Place) -> None:
    place.put("gan", NEVER_SCORED, status="failed", reason="out of memory")
    results = place.load()
    assert count_failures(results, entries(results)) == {}
    place.put("vae", {"modes": {0: 8.0, 1: 8.0}})
    results = place.load()
    assert count_failures(results, entries(results))["ring8", "gan"][:2] == (2, 2)


def test_a_skipped_method_has_no_failures_to_count(place: Place) -> None:
    place.put("dcgan", NEVER_SCORED, status="skipped", reason="points have no pixels", data={})
    assert counted(place)[:2] == (0, 0)


def test_worse_is_in_the_direction_of_the_metric_and_beyond_noise() -> None:
    values = np.array([1.05, 1.5, 0.5, math.nan])
    assert Anchors(1.0, 0.0).worse(values, "lower").tolist() == [False, True, False, False]
    assert Anchors(0.6, 1.6).worse(values, "higher").tolist() == [False, False, False, False]
    assert Anchors(1.0, 2.0).worse(values, "higher").tolist() == [False, False, True, False]
    assert not Anchors().worse(values, "lower").any()
