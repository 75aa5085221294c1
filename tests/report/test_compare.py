import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from genbench.report.compare import Compared, as_dict, compare
from genbench.types import InputError

Place = Any
GOOD = dict(enumerate((8.0, 7.0, 8.0, 7.5)))


@pytest.fixture
def two(place: Place, tmp_path: Path) -> tuple[Place, Place]:
    """An empty folder of base results and one of new ones."""
    kind = type(place)
    return kind(tmp_path / "base"), kind(tmp_path / "new")


def shifted(values: dict[int, float], by: float) -> dict[int, float]:
    """The values, moved and a little spread, seed by seed."""
    return {seed: value + by + 0.01 * (-1) ** seed for seed, value in values.items()}


def outcomes(two: tuple[Place, Place], margin: float = 0.0) -> dict[str, Compared]:
    base, new = two
    return {row.metric: row for row in compare(base.load(), new.load(), margin).scores}


def test_better_worse_and_same_follow_each_metrics_direction(two: tuple[Place, Place]) -> None:
    base, new = two
    base.put("gan", {"modes": GOOD, "distance": GOOD}, seeds=range(4))
    new.put("gan", {"modes": shifted(GOOD, -2), "distance": shifted(GOOD, -2)}, seeds=range(4))
    found = outcomes(two)
    assert (found["modes"].outcome, found["distance"].outcome) == ("worse", "better")
    assert (found["modes"].base, found["modes"].new) == pytest.approx((7.625, 5.625))
    assert {row.outcome for row in compare(base.load(), base.load()).scores} == {"same"}


def test_p_is_that_of_the_paired_test_after_holm(two: tuple[Place, Place]) -> None:
    base, new = two
    other = {0: 7.7, 1: 7.2, 2: 7.3, 3: 7.6}
    base.put("gan", {"modes": GOOD, "distance": GOOD}, seeds=range(4))
    new.put("gan", {"modes": other, "distance": GOOD}, seeds=range(4))
    p = stats.ttest_rel(list(GOOD.values()), list(other.values())).pvalue
    assert outcomes(two)["modes"].p == pytest.approx(2 * p)


def test_a_margin_is_tolerated_and_what_exceeds_it_must_be_significant(two: tuple[Place, Place]) -> None:
    base, new = two
    base.put("gan", {"distance": GOOD}, seeds=range(4))
    new.put("gan", {"distance": shifted(GOOD, 0.5)}, seeds=range(4))
    assert outcomes(two)["distance"].outcome == "worse"
    assert outcomes(two, margin=0.05)["distance"].outcome == "worse"
    assert outcomes(two, margin=0.066)["distance"].outcome == "same"
    assert outcomes(two, margin=0.1)["distance"].p == 1
    with pytest.raises(InputError, match="margin is -1"):
        outcomes(two, margin=-1)


def test_lost_seeds_are_a_regression(two: tuple[Place, Place]) -> None:
    base, new = two
    values = {seed: 8.0 + 0.01 * seed for seed in range(4)}
    base.put("gan", {"modes": values}, seeds=range(4))
    base.put("poor", {"modes": dict.fromkeys(range(4), 1.0)}, seeds=range(4))
    new.put("gan", {"modes": values}, seeds=range(4), failures=dict.fromkeys(range(4), "not finite"))
    found = {row.model: row for row in compare(base.load(), new.load()).scores}
    assert found["gan"].outcome == "worse"
    assert np.isnan(found["gan"].new)


def test_other_data_and_other_protocols_are_refused_with_the_reason(two: tuple[Place, Place]) -> None:
    base, new = two
    base.put("gan", {"modes": GOOD}, seeds=range(4), data={"checksum": "a" * 64})
    new.put("gan", {"modes": GOOD}, seeds=range(4), data={"checksum": "b" * 64})
    row = outcomes(two)["modes"]
    assert (row.outcome, row.reason) == ("not comparable", "other data: checksum aaaaaaaa against bbbbbbbb")


def test_a_changed_protocol_is_no_added_metric(two: tuple[Place, Place], monkeypatch: Any) -> None:
    base, new = two
    names = {"modes@9": "higher", "modes@99": "higher"}
    monkeypatch.setitem(type(base).put.__globals__, "BETTER", names)
    base.put("gan", {"modes@9": GOOD}, seeds=range(4))
    new.put("gan", {"modes@99": GOOD}, seeds=range(4))
    found = compare(base.load(), new.load())
    assert [(row.outcome, row.reason) for row in found.scores] == [
        ("not comparable", "other protocol: modes@9 against modes@99")
    ]
    assert (found.added, found.missing) == ((), ())


def test_changed_settings_are_said(two: tuple[Place, Place]) -> None:
    base, new = two
    base.put("gan", {"modes": GOOD}, seeds=range(4), options={"rate": 0.1, "width": 4})
    new.put("gan", {"modes": GOOD}, seeds=range(4), options={"rate": 0.2, "width": 4})
    assert (outcomes(two)["modes"].outcome, outcomes(two)["modes"].reason) == ("same", "rate 0.1 against 0.2")


def test_an_unfinished_run_is_not_compared(two: tuple[Place, Place]) -> None:
    base, new = two
    base.put("gan", {"modes": GOOD}, seeds=range(4))
    new.put("gan", {"modes": GOOD}, seeds=range(4), status="interrupted")
    assert outcomes(two)["modes"].reason == "the run in new is interrupted"


def test_what_only_one_has_is_listed_and_speed_is_a_ratio(two: tuple[Place, Place]) -> None:
    base, new = two
    base.put("gan", {"modes": GOOD}, seeds=range(4), examples=100, seconds={"training": 2.0})
    base.put("old", {"modes": GOOD}, seeds=range(4))
    new.put("gan", {"modes": GOOD}, seeds=range(4), examples=100, seconds={"training": 1.0})
    new.put("fresh", {"modes": GOOD}, seeds=range(4))
    found = compare(base.load(), new.load())
    assert found.added == (("ring8", "fresh", "modes"),)
    assert found.missing == (("ring8", "old", "modes"),)
    assert [(speed.model, speed.ratio) for speed in found.speeds] == [("gan", 2.0)]
    assert json.loads(json.dumps(as_dict(found), allow_nan=False))["speeds"][0]["ratio"] == 2.0


def test_equal_code_is_seldom_found_worse(two: tuple[Place, Place]) -> None:
    rng = np.random.default_rng(0)
    base, new = two
    for task in range(100):
        for place in two:
            values = dict(enumerate(rng.normal(5, 1, 4)))
            place.put("gan", {"modes": values, "distance": values}, seeds=range(4), task=f"t{task}")
    assert len(compare(base.load(), new.load()).regressions) <= 1
