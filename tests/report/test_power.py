from typing import Any

import numpy as np
import pytest
from scipy import stats

from genbench.report.entries import entries
from genbench.report.power import power, seeds_needed, separations, to_separate
from genbench.types import InputError

Place = Any


@pytest.mark.parametrize(("effect", "n"), [(0.5, 64), (0.2, 394), (0.8, 26)])
def test_cohens_table(effect: float, n: int) -> None:
    # Cohen 1988, table 2.4.1, two-sided: power .8 at .05.
    assert seeds_needed(effect) == n


def test_power_is_what_simulation_finds() -> None:
    draws = np.random.default_rng(0).normal(size=(2, 4000, 8)) + np.array([1.0, 0.0])[:, None, None]
    found = np.mean(stats.ttest_ind(*draws, axis=1, equal_var=False).pvalue < 0.05)
    assert power(1.0, 8) == pytest.approx(found, abs=0.025)


def test_power_far_from_chance_is_one() -> None:
    assert power(30.0, 5000) == 1.0


def test_the_answer_is_the_fewest() -> None:
    n = seeds_needed(0.9, target=0.9, tests=10)
    assert power(0.9, n, level=0.005) >= 0.9 > power(0.9, n - 1, level=0.005)
    assert seeds_needed(50.0) == 2
    assert seeds_needed(-0.5) == seeds_needed(0.5)


def test_no_effect_needs_more_than_anyone_has() -> None:
    with pytest.raises(InputError, match="more than 100000 seeds"):
        seeds_needed(0.0)


def test_each_method_against_the_best_of_its_task(place: Place) -> None:
    place.put("best", {"modes": {0: 8.0, 1: 7.0, 2: 6.1}}, seeds=(0, 1, 2))
    place.put("near", {"modes": {0: 7.0, 1: 6.0, 2: 5.0}}, seeds=(0, 1, 2))
    place.put("single", {"modes": {0: 4.0}}, seeds=(0,))
    (near,) = separations(entries(place.load()))
    variances = np.var([8, 7, 6.1], ddof=1), np.var([7, 6, 5], ddof=1)
    step = 0.1**2 / 2  # 6 and 6.1 are the closest that differ, and 7 is there twice
    assert (near.model, near.best, near.metric) == ("near", "best", "modes")
    assert near.effect == pytest.approx((7.1 - 1 / 15 - 6) / np.sqrt(np.mean(variances) + step), rel=1e-3)
    assert near.seeds == pytest.approx(seeds_needed(near.effect, tests=3), abs=1)


def test_seeds_are_those_that_welch_and_holms_first_step_ask_for() -> None:
    costs = np.array([[0.0, 1.05, 2.0, 3.1], [9.0, 10.2, 11.0, 12.0], [1.0, 1.9, 3.0, 4.0]])
    effects, seeds = to_separate(costs)
    expected = (10.55 - 1.5375) / np.sqrt((np.var(costs[0], ddof=1) + np.var(costs[1], ddof=1)) / 2)
    assert effects[1] == pytest.approx(expected)
    assert (np.isnan(effects[0]), seeds[0]) == (True, 0)
    assert seeds[1] == pytest.approx(seeds_needed(expected, tests=3), abs=1)
    assert seeds[2] > 10 * seeds[1]


def test_equal_values_take_as_many_seeds_as_an_exact_test() -> None:
    # 2/C(10, 5) = .0079 < .05/3 < 2/C(8, 4) = .0286
    effects, seeds = to_separate(np.array([[0.0, 0.0], [5.0, 5.0], [0.0, 0.0]]))
    assert seeds[1] >= 5
    assert (effects[2], seeds[2]) == (0, 0)
