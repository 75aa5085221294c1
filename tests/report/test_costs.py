import math
from typing import Any

import pandas as pd
import pytest

from genbench.report.costs import costs, flops_until, steps_to
from genbench.report.entries import entries
from genbench.report.history import score_tables
from genbench.types import Estimate, Score

Place = Any
ANCHORS = {"modes": {"trivial": 0.0, "real": 8.0}}


@pytest.fixture
def two(place: Place) -> Place:
    """A slow method that gets there at step 10 and a quick one that never does."""
    cost = {"peak_bytes": 5_000_000, "flops": [[0, 100], [6, 1000]]}
    slow = place.put(
        "slow", {"modes": {0: 6.0, 1: 8.0}}, anchors=ANCHORS, cost=cost, seconds={"training": 9.0}
    )
    rows = [(seed, step, step / 2, 0, "loss", 0.0) for seed in (0, 1) for step in (5, 10)]
    columns = ["seed", "step", "seconds", "samples", "signal", "value"]
    slow.write_trace(pd.DataFrame(rows, columns=columns))
    place.put("quick", {"modes": {0: 3.0, 1: 3.0}}, seconds={"training": 1.0}, examples=50)
    place.put("bad", {"modes": {0: 2.0, 1: 3.0}}, seconds={"training": 2.0})
    return place


def test_costs_up_to_the_threshold(two: Place) -> None:
    results = two.load()
    frame = costs(results, entries(results), threshold=0.8).set_index("model")
    slow = frame.loc["slow"]
    assert (slow["steps_to_threshold"], slow["seconds_to_threshold"]) == (10, 5.0)
    assert slow["flops_to_threshold"] == 6 * 100 + 4 * 1000
    assert slow["peak_bytes"] == 5_000_000
    assert frame["pareto"].to_dict() == {"bad": False, "quick": True, "slow": True}
    assert frame.loc["quick", "samples_per_second"] == 50
    assert pd.isna(frame.loc["quick", "seconds_to_threshold"])


def test_a_lost_seed_delays_the_threshold(place: Place) -> None:
    run = place.put("gan", {"modes": {0: 8.0}}, seeds=(0, 1), failures={1: "not finite"}, anchors=ANCHORS)
    run.write_scores([Score(0, 10, "modes", Estimate(8.0, 1))], {"modes": "higher"})
    results = place.load()
    (entry,) = entries(results)
    assert steps_to(entry, score_tables(results), 0.5) == 10
    assert math.isnan(steps_to(entry, score_tables(results), 0.6))


@pytest.mark.parametrize(("step", "flops"), [(0, 0), (4, 8), (10, 20), (12, 26), (math.nan, math.nan)])
def test_flops_follow_the_phases(step: float, flops: float) -> None:
    assert flops_until([(0, 2), (10, 3)], step) == pytest.approx(flops, nan_ok=True)


def test_unknown_flops_are_missing() -> None:
    assert math.isnan(flops_until([], 10))
