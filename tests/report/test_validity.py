"""What the ranking's tests promise, simulated: errors at their nominal rate, power, intervals that cover.

``python tests/report/test_validity.py`` prints the tables of docs/statistics.md.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from genbench.report.entries import by_seed, entries
from genbench.report.pairwise import all_pairs_holm, holm
from genbench.report.ranking import LEVEL, ranking
from genbench.store import load

Generator = np.random.Generator
Draw = Callable[[Generator, int, int], np.ndarray]
REFERENCE = Path(__file__).parents[2] / "results/reference"
METHODS, SEEDS = 6, (2, 3, 4, 8, 16, 32, 64)
MODES, TIES = ([8.0, 7.0, 6.0], [0.5, 0.3, 0.2]), ([1.0, 0.0], [0.5, 0.3])

# Scores of equal methods, shape (methods, seeds).
EQUAL: dict[str, Draw] = {
    "normal": lambda rng, k, n: rng.normal(size=(k, n)),
    "unequal variances": lambda rng, k, n: rng.normal(size=(k, n)) * np.geomspace(1, 20, k)[:, None],
    "log-normal": lambda rng, k, n: np.exp(rng.normal(size=(k, n))),
    "exponential": lambda rng, k, n: rng.exponential(size=(k, n)),
    "modes": lambda rng, k, n: rng.choice(MODES[0], p=MODES[1], size=(k, n)),
    "tied": lambda rng, k, n: _tied(rng.random((k, n)), rng.random((k, n))),
    "shares": lambda rng, k, n: rng.binomial(2500, 0.99, size=(k, n)) / 2500,
    "seeds differ": lambda rng, k, n: _fewer(rng.normal(size=(k, 4 * n)), n),
}


def _tied(u: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """1 in half of the cases, 0 in three tenths, anything between in the others."""
    return np.where(u < 0.5, 1.0, np.where(u < 0.8, 0.0, rest))


def _fewer(values: np.ndarray, n: int) -> np.ndarray:
    """n seeds of the first half of the methods, and four times as many of the others."""
    values[: len(values) // 2, n:] = np.nan
    return values


def plain_welch(values: np.ndarray) -> np.ndarray:
    """What is usually done: Welch's test as it is, certain where there is no spread; adjusted by Holm."""
    k = len(values)
    upper = np.triu_indices(k, 1)
    a, b = values[upper[0]], values[upper[1]]
    with np.errstate(all="ignore"):
        p = stats.ttest_ind(a, b, axis=1, equal_var=False, nan_policy="propagate").pvalue
    same = a.mean(axis=1) == b.mean(axis=1)
    adjusted = np.ones((k, k))
    adjusted[upper] = holm(np.where(np.isnan(p), np.where(same, 1.0, 0.0), p))
    return adjusted


def error_rate(
    draw: Draw, seeds: int, repeats: int, test: Callable[[np.ndarray], np.ndarray] = all_pairs_holm
) -> float:
    """How often any of six equal methods are told apart."""
    rng = np.random.default_rng(seeds)
    return float(np.mean([(test(draw(rng, METHODS, seeds)) < LEVEL).any() for _ in range(repeats)]))


def separated(seeds: int, repeats: int, test: Callable[[np.ndarray], np.ndarray]) -> float:
    """Share of the pairs of three methods that are told apart, modes of which differ in their rates."""
    rng, rates = np.random.default_rng(seeds), ([0.8, 0.15, 0.05], [0.4, 0.4, 0.2], [0.1, 0.3, 0.6])
    found = 0
    for _ in range(repeats):
        values = np.stack([rng.choice(MODES[0], p=own, size=seeds) for own in rates])
        found += int((test(values)[np.triu_indices(3, 1)] < LEVEL).sum())
    return found / 3 / repeats


def covered(seeds: int, repeats: int, spread: np.ndarray) -> float:
    """How often all rank intervals of six methods hold at once; three are equal, the others far behind them.

    The ranks of equals are all of theirs. Where everything else is separated, Holm tests equals at the level.
    """
    rng, truth = np.random.default_rng(seeds), np.array([0.0, 0, 0, 99, 99, 99])
    first, last = np.array([1, 1, 1, 4, 4, 4]), np.array([3, 3, 3, 6, 6, 6])
    hits = 0
    for _ in range(repeats):
        found = ranking(truth[:, None] + spread[:, None] * rng.normal(size=(METHODS, seeds)))
        hits += bool(((found.low <= first) & (last <= found.high)).all())
    return hits / repeats


def slack(repeats: int, rate: float = LEVEL) -> float:
    """Three standard errors of a rate."""
    return 3 * (rate * (1 - rate) / repeats) ** 0.5


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("name", EQUAL)
def test_equal_methods_are_told_apart_at_most_at_the_level(name: str, seeds: int) -> None:
    repeats = 800
    assert error_rate(EQUAL[name], seeds, repeats) <= LEVEL + slack(repeats)


def test_the_simulation_sees_what_no_spread_does_to_plain_tests() -> None:
    for name, seeds, plain in (
        ("modes", 2, plain_welch),
        ("tied", 3, plain_welch),
        ("seeds differ", 2, _welch_of_what_is_there),
    ):
        assert error_rate(EQUAL[name], seeds, 400, plain) > LEVEL + slack(400)


def test_normal_scores_lose_no_power_to_welchs_test() -> None:
    rng = np.random.default_rng(0)
    for seeds in (2, 3, 8, 64):
        values = rng.normal(size=(METHODS, seeds)) + np.arange(METHODS)[:, None]
        upper = np.triu_indices(METHODS, 1)
        assert all_pairs_holm(values)[upper] == pytest.approx(plain_welch(values)[upper])


def test_counts_lose_little_power_from_sixteen_seeds_on() -> None:
    ours, plain = separated(16, 150, all_pairs_holm), separated(16, 150, plain_welch)
    assert 0.9 * plain < ours < plain + 0.05
    assert plain > 0.5


@pytest.mark.parametrize("seeds", [2, 4, 16])
@pytest.mark.parametrize("ratio", [1, 8])
def test_rank_intervals_of_unequal_methods_hold_all_at_once(seeds: int, ratio: int) -> None:
    spread = np.geomspace(0.3, 0.3 * ratio, METHODS)
    rate = covered(seeds, 800, spread)
    assert rate >= 1 - LEVEL - slack(800)
    assert (
        rate < 1
    )  # equals are found different now and then, so the intervals are no wider than they must be


def test_rank_intervals_narrow_as_seeds_come_in() -> None:
    rng = np.random.default_rng(1)
    found = ranking(np.arange(6)[:, None] + 0.3 * rng.normal(size=(6, 16)))
    assert found.low.tolist() == found.high.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("suite", "task", "metric", "expected"),
    [
        ("mnist", "mnist", "frechet_lenet@10k", 30),  # of 91; paired tests on the values: 7
        ("mnist", "mnist", "sliced_wasserstein@10k", 37),  # 15
        ("planar", "ring8", "modes@2500", 0),  # of 28; paired tests found 2, certain where nothing varied
        ("planar", "ring8", "high_quality@2500", 21),  # 20
    ],
)
def test_pairs_told_apart_in_the_committed_runs(suite: str, task: str, metric: str, expected: int) -> None:
    own = [e for e in entries(load(REFERENCE / suite)) if (e.method.task, e.metric) == (task, metric)]
    own = [entry for entry in own if entry.ranked]
    assert ranking(by_seed(own, [entry.costs for entry in own])).separated == expected


def _welch_of_what_is_there(values: np.ndarray) -> np.ndarray:
    """`plain_welch` over the seeds that a method has."""
    p = [
        stats.ttest_ind(values[i], values[j], equal_var=False, nan_policy="omit").pvalue
        for i in range(len(values))
        for j in range(i)
    ]
    return holm(np.array(p))


def main(repeats: int = 2000) -> None:
    """Print the tables of docs/statistics.md."""
    print("chance of any false separation among six equal methods, this test / plain Welch with Holm")
    print("| scores |", " | ".join(map(str, SEEDS)), "|")
    for name, draw in EQUAL.items():
        plain = _welch_of_what_is_there if name == "seeds differ" else plain_welch
        pairs = [(error_rate(draw, n, repeats), error_rate(draw, n, repeats // 5, plain)) for n in SEEDS]
        print(f"| {name} |", " | ".join(f"{own:.3f} / {other:.2f}" for own, other in pairs), "|", flush=True)
    print("share of pairs separated, modes with other rates, this test / plain Welch")
    for n in SEEDS:
        print(n, *(f"{separated(n, 300, test):.3f}" for test in (all_pairs_holm, plain_welch)))
    print("coverage of all rank intervals at once, spread equal / eightfold")
    for n in SEEDS:
        print(n, *(f"{covered(n, repeats, np.geomspace(0.3, 0.3 * r, METHODS)):.3f}" for r in (1, 8)))


if __name__ == "__main__":
    main()
