import math

import pytest

from genbench.report.texts import score_text, with_interval


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (12.3456, 0.234, "12.35 ± 0.23"),
        (12.3456, 23.4, "12 ± 23"),
        (0.0123, 0.00045, "0.01230 ± 0.00045"),
        (0.5, 0.0996, "0.50 ± 0.10"),
        (7.0, 9.96, "7 ± 10"),
        (8.0, 0.0, "8 ± 0"),
        (123456.7, math.nan, "123,457"),
        (123456.7, 1234.0, "123,500 ± 1,200"),
        (123.0, 456.0, "120 ± 460"),
        (-0.001, 5.0, "0.0 ± 5.0"),
        (1.5e12, math.nan, "1.5e+12"),
        (1.5e12, 2e10, "1.5e+12 ± 2e+10"),
        (1e-3, 1e-12, "0.001 ± 1e-12"),
        (1.23456e-10, 2.1e-11, "1.23e-10 ± 2.1e-11"),
        (0.0, 1e-12, "0 ± 1e-12"),
        (5.0, math.inf, "5"),
        (math.nan, math.nan, "–"),
        (-math.inf, math.nan, "–"),
        (math.nan, 1.0, "–"),
    ],
)
def test_values_are_shown_as_precisely_as_they_are_known(value: float, half: float, text: str) -> None:
    assert with_interval(value, half) == text


def test_no_spread_is_no_certainty() -> None:
    same = {"value": 8.0, "ci_low": 8.0, "ci_high": 8.0, "seeds": 4, "failed": 0}
    assert score_text(same) == "8 (4 of 4)"
    assert score_text({**same, "ci_low": None, "ci_high": None}) == "8"
    assert score_text({**same, "ci_low": 7.0, "ci_high": 9.0, "below_trivial": True}) == "8.0 ± 1.0 ▽"
    assert score_text({**same, "value": None, "ci_low": None, "ci_high": None}) == "–"
