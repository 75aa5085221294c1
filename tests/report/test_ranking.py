import itertools

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


def test_letters_are_shared_if_and_only_if_methods_do_not_differ() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        size = int(rng.integers(2, 8))
        pairs = [pair for pair in itertools.combinations(range(size), 2) if rng.random() < 0.5]
        separate = matrix(size, pairs)
        groups = letters(separate, rng.permutation(size).tolist())
        for i, j in itertools.combinations(range(size), 2):
            assert bool(set(groups[i]) & set(groups[j])) != separate[i, j]


def test_more_groups_than_letters_still_have_names() -> None:
    every = list(itertools.combinations(range(30), 2))
    assert letters(matrix(30, every), range(30))[25:28] == ["z", "a′", "b′"]


def test_rank_intervals_hold_all_at_once_at_their_nominal_rate() -> None:
    # Seeds share an effect, as they share their data; true ranks are 1 to 5.
    rng = np.random.default_rng(6)
    truth, simulations, covered, widths = np.arange(1, 6), 500, 0, []
    for _ in range(simulations):
        shared = rng.normal(size=8)
        found = ranking(0.8 * truth[:, None] + shared + rng.normal(0, 0.5, size=(5, 8)))
        covered += bool(((found.low <= truth) & (truth <= found.high)).all())
        widths.append((found.high - found.low).mean())
    assert covered / simulations >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / simulations)
    assert np.mean(widths) < 2


def test_ties_of_the_truth_are_separated_at_most_at_the_level() -> None:
    rng = np.random.default_rng(7)
    false = [bool((ranking(rng.normal(size=(5, 8))).low > 1).any()) for _ in range(500)]
    assert np.mean(false) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)
