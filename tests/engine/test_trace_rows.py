import math

import pandas as pd

from genbench.engine.signals import FINITE
from genbench.engine.trace_rows import COLUMNS, TraceRows


def test_rows_are_tidy_and_go_on_from_what_was_there() -> None:
    growing = TraceRows()
    assert growing.trace() is None
    growing.add(5, 0.5, 40, {FINITE: [1.0, 0.0], "vae/loss": [2.0, math.nan]}, {3: True, 7: False})
    first = growing.trace()
    assert first is not None
    assert list(first.frame.columns) == COLUMNS
    rows = [tuple(row) for row in first.frame.itertuples(index=False)]
    assert rows == [
        (3, 5, 0.5, 40, FINITE, 1.0),
        (7, 5, 0.5, 40, FINITE, 0.0),
        (3, 5, 0.5, 40, "vae/loss", 2.0),
    ]
    assert growing.newest == {FINITE: 0.5, "vae/loss": 2.0}
    growing.add(6, 0.6, 48, {FINITE: [1.0, 0.0]}, {3: True, 7: False})
    whole, again = growing.trace(), TraceRows(first.frame)
    again.add(6, 0.6, 48, {FINITE: [1.0, 0.0]}, {3: True, 7: False})
    assert whole is not None
    resumed = again.trace()
    assert resumed is not None
    pd.testing.assert_frame_equal(whole.frame, resumed.frame)
    assert whole.frame.step.tolist() == [5, 5, 5, 6, 6]
    assert growing.newest == {FINITE: 0.5}


def test_the_newest_are_means_of_those_that_are_numbers() -> None:
    growing = TraceRows()
    growing.add(1, 0.1, 8, {"a": [1.0, math.nan, 3.0], "b": [math.nan] * 3}, {0: True, 1: True, 2: True})
    assert growing.newest["a"] == 2.0
    assert math.isnan(growing.newest["b"])
