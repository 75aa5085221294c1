import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from genbench.report.pairwise import holm, paired_p_value, welch_p_values

NAN = np.nan


def test_pairs_agree_with_scipys_welch() -> None:
    values = np.random.default_rng(0).normal(size=(3, 6))
    p = welch_p_values(values)
    assert p[0, 2] == pytest.approx(stats.ttest_ind(values[0], values[2], equal_var=False).pvalue)
    assert p[1, 0] == p[0, 1]
    assert np.diag(p).tolist() == [1, 1, 1]


def test_seeds_need_not_be_the_same_ones() -> None:
    values = np.array([[1.0, 2.0, 4.0, NAN, NAN, NAN], [NAN, NAN, NAN, 6.0, 9.0, 8.5]])
    expected = stats.ttest_ind([1, 2, 4], [6, 9, 8.5], equal_var=False).pvalue
    assert welch_p_values(values)[0, 1] == pytest.approx(expected)


def test_two_seeds_beside_many_are_not_believed_for_lying_together() -> None:
    # Welch's own degrees of freedom are 7 here, those of the eight; 1.25 are taken.
    values = np.full((2, 8), NAN)
    values[0, :2] = 1.0, 1.001
    values[1] = np.arange(8)
    t = 2.4995 / np.sqrt(0.001**2 / 2 / 2 + 6 / 8)
    assert welch_p_values(values)[0, 1] == pytest.approx(2 * stats.t.sf(t, 1.25))


def test_one_seed_tells_nothing() -> None:
    assert welch_p_values(np.array([[1.0], [100.0]]))[0, 1] == 1
    assert welch_p_values(np.array([[1.0, 2.0], [NAN, 9.0]]))[0, 1] == 1


def test_no_spread_is_no_certainty() -> None:
    # Exact rank tests of 3 against 3 and 4 against 4 give 2/20 and 2/70 at least.
    for n, least in ((3, 2 / 20), (4, 2 / 70)):
        p = welch_p_values(np.array([8.0, 8.0, 7.0, 0.1])[:, None] * np.ones(n))
        assert p[0, 1] == 1
        assert p[0, 3] == pytest.approx(least)
        assert p[0, 2] >= least


def test_a_step_of_the_score_is_spread_that_equal_values_may_have() -> None:
    # Sums of squares 0 and 8/3, each with one step more: variances of 1/11 and (11/3)/11.
    p = welch_p_values(np.array([[8.0] * 12, [8.0] * 8 + [7.0] * 4]))[0, 1]
    one, other = 1 / 11 / 12, 1 / 3 / 12
    freedom = (one + other) ** 2 / ((one**2 + other**2) / 11)
    assert p == pytest.approx(2 * stats.t.sf(1 / 3 / np.sqrt(one + other), freedom))


def test_rounding_errors_are_no_differences() -> None:
    assert welch_p_values(np.array([[0.1 + 0.2] * 9, [0.3] * 9]))[0, 1] == 1


def test_two_versions_are_paired_over_shared_seeds() -> None:
    base, new = np.array([1.0, 2.0, 4.0, NAN]), np.array([1.1, 2.3, 4.2, 9.0])
    expected = stats.ttest_rel(base[:3], new[:3]).pvalue
    assert paired_p_value(base, new) == pytest.approx(expected)
    assert paired_p_value(base, base) == 1
    assert paired_p_value(np.array([0.1, 0.2]), np.array([0.4, 0.5])) == 0
    assert paired_p_value(np.array([1.0, NAN]), np.array([2.0, 3.0])) == 1


def test_holms_steps_by_hand() -> None:
    # Sorted .01 .02 .03 .04 times 4 3 2 1 gives .04 .06 .06 .04; kept ascending: .04 .06 .06 .06.
    assert holm(np.array([0.04, 0.01, 0.03, 0.02])).tolist() == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1, 1]
    assert holm(np.array([])).tolist() == []


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni(p: list[float]) -> None:
    raw = np.array(p)
    adjusted = holm(raw)
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(1, len(raw) * raw) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0).all()
