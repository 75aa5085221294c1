import numpy as np

from genbench.report.pareto import pareto_front

NAN = np.nan


def test_the_front_is_what_nothing_beats() -> None:
    quality = np.array([3.0, 2.0, 1.0, 2.5, 3.0])
    cost = np.array([9.0, 4.0, 1.0, 8.0, 10.0])
    assert pareto_front(quality, cost).tolist() == [True, True, True, True, False]


def test_twins_are_both_on_the_front_and_the_unknown_is_not() -> None:
    assert pareto_front(np.array([1.0, 1.0]), np.array([2.0, 2.0])).tolist() == [True, True]
    assert pareto_front(np.array([NAN, 1.0, 0.5]), np.array([0.0, 2.0, NAN])).tolist() == [False, True, False]
