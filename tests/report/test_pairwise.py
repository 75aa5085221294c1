import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from genbench.report.pairwise import all_pairs_holm, holm, paired_p_values

NAN = np.nan


def test_pairs_over_shared_seeds_agree_with_scipy() -> None:
    values = np.random.default_rng(0).normal(size=(3, 6))
    values[1, :2] = NAN
    p = paired_p_values(values)
    assert p[0, 2] == pytest.approx(stats.ttest_rel(values[0], values[2]).pvalue)
    assert p[0, 1] == pytest.approx(stats.ttest_rel(values[0, 2:], values[1, 2:]).pvalue)
    assert p[1, 0] == p[0, 1]
    assert np.diag(p).tolist() == [1, 1, 1]


def test_disjoint_seeds_are_compared_by_welchs_test() -> None:
    values = np.array([[1.0, 2.0, 4.0, NAN, NAN], [NAN, NAN, NAN, 6.0, 9.0]])
    expected = stats.ttest_ind([1, 2, 4], [6, 9], equal_var=False).pvalue
    assert paired_p_values(values)[0, 1] == pytest.approx(expected)


def test_one_seed_tells_nothing() -> None:
    assert paired_p_values(np.array([[1.0], [100.0]]))[0, 1] == 1
    assert paired_p_values(np.array([[1.0, 2.0], [NAN, 9.0]]))[0, 1] == 1


def test_scores_without_spread_differ_or_do_not() -> None:
    p = paired_p_values(np.array([[8.0, 8, 8], [8.0, 8, 8], [7.0, 7, 7], [0.1, 0.1, 0.1], [0.3, 0.3, 0.3]]))
    assert p[0, 1] == 1
    assert p[0, 2] == 0
    assert p[3, 4] == 0


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


def test_equal_methods_are_seldom_found_different() -> None:
    rng = np.random.default_rng(5)
    found = [(all_pairs_holm(rng.normal(size=(4, 8))) < 0.05).any() for _ in range(1000)]
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)
    assert np.mean(found) > 0.01
