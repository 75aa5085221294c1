"""The tests that decide claims: known answers, error rates on simulated data, and the one rule."""

import math

import numpy as np
import pytest

from genbench.claims import decisions


def test_the_rule_needs_interval_and_p():
    assert decisions.outcome(1, 2, 0.01, "above", 0) == "supported"
    assert decisions.outcome(1, 2, 0.06, "above", 0) == "inconclusive"
    assert decisions.outcome(-2, -1, 0.99, "above", 0) == "refuted"
    assert decisions.outcome(-1, 1, 0.5, "above", 0) == "inconclusive"
    assert decisions.outcome(-2, -1, 0.01, "below", 0) == "supported"
    assert decisions.outcome(1, 2, 0.99, "below", 0) == "refuted"


def test_an_effect_shown_to_be_smaller_than_the_threshold_is_refuted():
    values = np.random.default_rng(0).normal(0.1, 0.05, 30)
    assert decisions.mean(values, "above", 0.0, "x").outcome == "supported"
    assert decisions.mean(values, "above", 0.5, "x").outcome == "refuted"


@pytest.mark.parametrize("test", [decisions.mean, decisions.median], ids=["mean", "median"])
def test_false_support_is_rare_and_power_is_there(test):
    rng = np.random.default_rng(1)
    under_null = [test(rng.normal(0, 1, 12), "above", 0.0, "x").outcome for _ in range(400)]
    assert under_null.count("supported") <= 0.05 * 400
    apart = [test(rng.normal(2, 1, 12), "above", 0.0, "x").outcome for _ in range(100)]
    assert apart.count("supported") >= 95


def test_equal_values_are_judged_by_the_sign_test():
    found = decisions.mean([8.0] * 16, "above", 7.5, "modes")
    assert found.outcome == "supported"
    assert found.p == 0.5**16
    assert decisions.mean([7.0] * 16, "above", 7.5, "modes").outcome == "refuted"
    assert decisions.mean([7.5] * 16, "above", 7.5, "modes").outcome == "inconclusive"


def test_too_few_values_decide_nothing():
    for found in (
        decisions.mean([9.0], "above", 0.0, "x"),
        decisions.mean([], "above", 0.0, "x"),
        decisions.auroc([], [0.1, 0.2, 0.3], 0.7, "x"),
        decisions.auroc([1.0, 2.0], [0.1], 0.7, "x"),
        decisions.share([], "below", 0.1, "x"),
        decisions.share([True], "above", 0.1, "x"),
    ):
        assert (found.outcome, found.p) == ("inconclusive", 1.0)
        assert math.isnan(found.effect)


def test_shares():
    assert decisions.share([True] * 73, "above", 0.95, "x").outcome == "supported"
    assert decisions.share([True] * 40, "above", 0.95, "x").outcome == "inconclusive"
    assert decisions.share([True] * 60 + [False] * 40, "above", 0.95, "x").outcome == "refuted"


def test_differences_of_shares_agree_with_fisher_and_newcombe():
    found = decisions.shares_differ([True] * 56 + [False] * 14, [True] * 48 + [False] * 32, "x")
    # Newcombe 1998, table II, row (a), method 10: 56/70 against 48/80.
    assert found.effect == pytest.approx(0.2)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert found.outcome == "supported"
    assert (
        decisions.shares_differ([True] * 3 + [False] * 5, [True] * 2 + [False] * 6, "x").outcome
        == "inconclusive"
    )
    assert decisions.shares_differ([True] * 60, [], "x").outcome == "inconclusive"


def test_trends_in_either_direction():
    rng = np.random.default_rng(0)
    table = np.arange(6) + rng.normal(0, 0.5, (16, 6))
    assert decisions.trend(table, "above", 0.0, "x").outcome == "supported"
    assert decisions.trend(-table, "below", 0.0, "x").outcome == "supported"
    assert decisions.trend(-table, "above", 0.0, "x").outcome == "refuted"
    assert decisions.trend(rng.normal(size=(16, 6)), "above", 0.0, "x").outcome == "inconclusive"


def test_auroc():
    rng = np.random.default_rng(0)
    assert decisions.auroc(rng.normal(2, 1, 40), rng.normal(0, 1, 40), 0.7, "x").outcome == "supported"
    assert decisions.auroc(rng.normal(0, 1, 40), rng.normal(2, 1, 40), 0.5, "x").outcome == "refuted"
    apart = decisions.auroc([3.0, 4.0, 5.0] * 8, [1.0, 2.0] * 12, 0.7, "x")
    assert apart.effect == 1.0
    assert apart.ci_low < 1
    assert apart.outcome == "supported"


def test_within_two_limits():
    rng = np.random.default_rng(0)
    assert decisions.within(rng.normal(1, 0.02, 16), 0.9, 1.1, "x").outcome == "supported"
    assert decisions.within(rng.normal(2, 0.02, 16), 0.9, 1.1, "x").outcome == "refuted"
    assert decisions.within(rng.normal(1, 0.9, 16), 0.9, 1.1, "x").outcome == "inconclusive"


def test_a_conjunction_shows_the_part_that_decides():
    yes = decisions.mean([1.0, 1.1, 0.9, 1.0], "above", 0.0, "yes")
    no = decisions.mean([-1.0, -1.1, -0.9, -1.0], "above", 0.0, "no")
    perhaps = decisions.mean([-1.0, 1.1, -0.9, 1.0], "above", 0.0, "perhaps")
    assert decisions.all_of(yes, yes).outcome == "supported"
    assert decisions.all_of(yes, perhaps).unit == "perhaps"
    assert decisions.all_of(yes, perhaps, no).unit == "no"
    assert decisions.all_of(yes, perhaps).parts == (yes, perhaps)
    assert math.isclose(decisions.all_of(yes, yes).p, yes.p)


def test_a_disjunction_needs_one_part_and_pays_for_the_choice():
    yes = decisions.mean([1.0, 1.1, 0.9, 1.0], "above", 0.0, "yes")
    no = decisions.mean([-1.0, -1.1, -0.9, -1.0], "above", 0.0, "no")
    perhaps = decisions.mean([-1.0, 1.1, -0.9, 1.0], "above", 0.0, "perhaps")
    barely = decisions.mean([0.1, 0.5, 0.9, 0.7], "above", 0.0, "barely")
    assert decisions.any_of(yes, no).outcome == "supported"
    assert decisions.any_of(yes, no).p == pytest.approx(2 * yes.p)
    assert decisions.any_of(no, no).outcome == "refuted"
    assert decisions.any_of(no, perhaps).outcome == "inconclusive"
    assert barely.outcome == "supported"
    assert decisions.any_of(barely, *[no] * 9).outcome == "inconclusive"
