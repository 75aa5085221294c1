"""When a run is looked at."""

from itertools import pairwise

import pytest

from genbench.engine.schedule import TICKS, evaluations, ticks


@pytest.mark.parametrize("steps", [1, 7, 99, 100, 101, 2000, 12345])
def test_ticks_are_spread_evenly_to_the_end(steps):
    at = ticks(steps)
    assert at == sorted(set(at))
    assert at[0] >= 1
    assert at[-1] == steps
    assert len(at) == min(TICKS, steps)
    gaps = [b - a for a, b in zip([0, *at[:-1]], at, strict=True)]
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize("steps", [1, 7, 100, 2000, 12345])
@pytest.mark.parametrize("count", [1, 2, 8])
def test_evaluations_are_ticks_and_end_with_the_run(steps, count):
    looks = evaluations(steps, count)
    assert set(looks) <= set(ticks(steps))
    assert looks[-1] == steps
    assert len(looks) <= count


def test_evaluations_are_spread_by_ratio():
    looks = evaluations(10_000, 6)
    ratios = [b / a for a, b in pairwise(looks)]
    assert max(ratios) / min(ratios) < 1.3
