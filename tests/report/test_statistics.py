import math

import numpy as np
import pytest
from scipy import stats

from genbench.report import statistics
from genbench.report.statistics import (
    aggregate,
    interquartile_mean,
    median,
    performance_profile,
    probability_of_improvement,
    share,
    student,
)

SIMULATIONS = 400
SLACK = 3 * math.sqrt(0.95 * 0.05 / SIMULATIONS)
"""Three standard errors of a coverage rate: the nominal one must lie within."""


def mean(x: statistics.Values) -> statistics.Values:
    return np.asarray(x.mean(axis=-1))


def coverage(hits: list[bool]) -> float:
    return float(np.mean(hits))


def test_the_interquartile_mean_is_the_mean_of_the_middle_half() -> None:
    x = np.array([9.0, 1.0, 3.0, 100.0, 2.0, 4.0, -50.0, 5.0])
    assert interquartile_mean(x[None])[0] == (2 + 3 + 4 + 5) / 4
    assert median(x[None])[0] == 3.5
    assert interquartile_mean(x[None])[0] == stats.trim_mean(x, 0.25)


def test_the_interval_of_a_mean_agrees_with_scipy() -> None:
    x = np.array([3.0, 4.0, 7.5, 1.0])
    found = student(x)
    low, high = stats.t.interval(0.95, 3, x.mean(), stats.sem(x))
    assert found == pytest.approx((x.mean(), low, high))
    assert math.isnan(student(x[:1]).low)
    assert math.isnan(student(x[:0]).value)


def test_students_interval_covers_at_its_nominal_rate() -> None:
    draws = np.random.default_rng(1).normal(3, 2, size=(SIMULATIONS, 5))
    covered = coverage([low <= 3 <= high for _, low, high in map(student, draws)])
    assert covered == pytest.approx(0.95, abs=SLACK)


@pytest.mark.parametrize(("tasks", "seeds"), [(1, 10), (4, 8), (10, 4)])
@pytest.mark.parametrize("statistic", [interquartile_mean, median, mean])
def test_the_stratified_bootstrap_covers_at_its_nominal_rate(
    tasks: int, seeds: int, statistic: statistics.Statistic
) -> None:
    rng = np.random.default_rng(2)
    simulated = rng.normal(1.5, 0.5, size=(SIMULATIONS, tasks, seeds))
    hits = [low <= 1.5 <= high for _, low, high in (aggregate(list(own), statistic) for own in simulated)]
    # The median and the cuts of a few seeds a task are discrete: intervals may be too wide, never too narrow.
    assert coverage(hits) >= 0.95 - SLACK - 0.01
    if statistic is mean:
        assert coverage(hits) <= 0.95 + SLACK


def test_the_bootstrap_keeps_the_strata_apart() -> None:
    value, low, high = aggregate([np.zeros(8), np.full(8, 10.0)], lambda x: x.mean(axis=-1))
    assert (value, low, high) == (5.0, 5.0, 5.0)


def test_nothing_and_single_seeds_have_no_interval() -> None:
    assert math.isnan(aggregate([]).value)
    value, low, high = aggregate([np.array([2.0]), np.array([4.0])])
    assert value == 3.0
    assert math.isnan(low)
    assert math.isnan(high)


def test_the_probability_of_improvement_is_mann_whitneys_u() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 6, 9).astype(float), rng.integers(0, 6, 7).astype(float)
    u = stats.mannwhitneyu(x, y).statistic
    assert probability_of_improvement([x], [y]).value == pytest.approx(u / 63)
    there, back = probability_of_improvement([x, y], [y, x]), probability_of_improvement([y, x], [x, y])
    assert there.value == pytest.approx(0.5)
    assert back.value == pytest.approx(0.5)


def test_the_probability_of_improvement_covers_the_truth() -> None:
    rng = np.random.default_rng(4)
    truth = stats.norm.cdf(0.5 / math.sqrt(2))
    hits = []
    for _ in range(SIMULATIONS):
        x, y = rng.normal(0.5, 1, (4, 8)), rng.normal(0, 1, (4, 8))
        _, low, high = probability_of_improvement(list(x), list(y))
        hits.append(low <= truth <= high)
    assert coverage(hits) == pytest.approx(0.95, abs=SLACK + 0.01)


def test_a_profile_is_the_share_above_each_threshold_with_tasks_weighing_the_same() -> None:
    strata = [np.array([0.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0])]
    share_above, low, high = performance_profile(strata, np.array([-1.0, 0.5, 1.0]))
    assert share_above.tolist() == [1.0, 0.75, 0.0]
    assert low.tolist() == [1.0, 0.5, 0.0]
    assert high.tolist() == [1.0, 1.0, 0.0]


def test_a_rate_has_wilsons_interval() -> None:
    value, low, high = share(1, 4)
    # Wilson 1927: centre (p + z²/2n) / (1 + z²/n) and half-width from the score test.
    z, n, p = stats.norm.ppf(0.975), 4, 0.25
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (value, low, high) == pytest.approx((0.25, centre - half, centre + half))
    assert math.isnan(share(0, 0).value)
