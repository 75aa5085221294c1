from typing import Any

import numpy as np
import pytest
from scipy import stats

from genbench.report.entries import entries
from genbench.report.power import power, seeds_needed, separations
from genbench.types import InputError

Place = Any


@pytest.mark.parametrize(
    ("effect", "paired", "n"),
    [
        (0.5, True, 34),
        (0.2, True, 199),
        (0.8, True, 15),
        (0.5, False, 64),
        (0.2, False, 394),
        (0.8, False, 26),
    ],
)
def test_cohens_table(effect: float, paired: bool, n: int) -> None:
    # Cohen 1988, table 2.4.1, and G*Power 3.1 for paired samples: power .8 at .05, two-sided.
    assert seeds_needed(effect, paired=paired) == n


def test_power_is_what_simulation_finds() -> None:
    draws = np.random.default_rng(0).normal(1.0, 1.0, size=(4000, 8))
    found = np.mean(np.asarray(stats.ttest_1samp(draws, 0, axis=1).pvalue) < 0.05)
    assert power(1.0, 8) == pytest.approx(found, abs=0.025)


def test_the_answer_is_the_fewest() -> None:
    n = seeds_needed(0.9, target=0.9, tests=10)
    assert power(0.9, n, level=0.005) >= 0.9 > power(0.9, n - 1, level=0.005)
    assert seeds_needed(50.0) == 2
    assert seeds_needed(-0.5) == seeds_needed(0.5)


def test_no_effect_needs_more_than_anyone_has() -> None:
    with pytest.raises(InputError, match="more than 100000 seeds"):
        seeds_needed(0.0)


def test_each_method_against_the_best_of_its_task(place: Place) -> None:
    place.put("best", {"distance": {0: 1.0, 1: 2.0, 2: 3.0}}, seeds=(0, 1, 2))
    place.put("near", {"distance": {0: 2.0, 1: 2.0, 2: 4.0}}, seeds=(0, 1, 2))
    place.put("far", {"distance": {0: 9.0, 1: 10.0, 2: 11.0}}, seeds=(0, 1, 2))
    place.put("same", {"distance": {0: 1.5, 1: 2.0, 2: 2.5}}, seeds=(0, 1, 2))
    place.put("single", {"distance": {0: 4.0}}, seeds=(0,))
    found = {row.model: row for row in separations(entries(place.load()))}
    assert {row.best for row in found.values()} == {"best"}
    assert found.keys() == {"near", "far", "same"}
    # Differences of near are 1, 0, 1: mean 2/3, standard deviation √(1/3).
    assert found["near"].effect == pytest.approx(2 / 3**0.5)
    assert found["near"].seeds == seeds_needed(2 / 3**0.5, tests=10)
    assert (found["far"].effect, found["far"].seeds) == (float("inf"), 2)
    assert (found["same"].effect, found["same"].seeds) == (0.0, None)
