import itertools
import time

import numpy as np
import pytest

from genbench.report.ranking import letters, ranking


def matrix(size: int, pairs: list[tuple[int, int]]) -> np.ndarray:
    separate = np.zeros((size, size), bool)
    for i, j in pairs:
        separate[i, j] = separate[j, i] = True
    return separate


def test_clear_differences_give_single_ranks() -> None:
    costs = np.array([[3.0, 3.1, 2.9], [1.0, 1.1, 0.9], [2.0, 2.1, 1.9]])
    found = ranking(costs)
    assert found.low.tolist() == [3, 1, 2]
    assert found.high.tolist() == [3, 1, 2]
    assert found.groups == ["c", "a", "b"]


def test_what_cannot_be_told_apart_shares_ranks_and_a_letter() -> None:
    noise = np.array([1.0, -1.0, 0.5, -0.5])
    found = ranking(np.array([10 + noise, 10.1 - noise, 100 + noise]))
    assert found.low.tolist() == [1, 1, 3]
    assert found.high.tolist() == [2, 2, 3]
    assert found.groups == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("size", "pairs", "groups"),
    [
        (3, [], ["a", "a", "a"]),
        (3, [(0, 2)], ["a", "ab", "b"]),
        (4, [(0, 2), (0, 3), (1, 3)], ["a", "ab", "bc", "c"]),
        (1, [], ["a"]),
    ],
)
def test_known_letter_displays(size: int, pairs: list[tuple[int, int]], groups: list[str]) -> None:
    assert letters(matrix(size, pairs), range(size)) == groups


def test_letters_are_shared_by_those_alone_that_do_not_differ() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        size = int(rng.integers(2, 8))
        separate = matrix(size, [p for p in itertools.combinations(range(size), 2) if rng.random() < 0.5])
        order = rng.permutation(size).tolist()
        groups = letters(separate, order)
        assert all(groups)
        for (x, i), (y, j) in itertools.combinations(enumerate(order), 2):
            between = order[x : y + 1]
            assert bool(set(groups[i]) & set(groups[j])) != separate[np.ix_(between, between)].any()


def test_many_groups_have_names_that_can_be_told_apart() -> None:
    every = list(itertools.combinations(range(30), 2))
    assert letters(matrix(30, every), range(30))[25:28] == ["z", "a2", "b2"]
    assert letters(matrix(9, [(i, i + 4) for i in range(5)] + [(0, 8)]), range(9))[4] == "b–e"


def test_near_twins_and_a_thousand_methods_take_no_time() -> None:
    # All sets without a difference would be 2³⁰ of sixty near-twins, who each differ from one other alone.
    twins = matrix(60, [(2 * i, 2 * i + 1) for i in range(30)])
    costs = np.random.default_rng(0).normal(size=(1000, 4)) + np.arange(1000)[:, None] / 20
    started = time.perf_counter()
    assert len(set(letters(twins, range(60)))) == 31
    found = ranking(costs)
    assert time.perf_counter() - started < 3  # .25 s on the machine it was written on
    assert found.separated > 50_000
    assert (found.low <= np.arange(1, 1001)).mean() > 0.95
