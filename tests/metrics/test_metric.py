"""The suffix of a metric's name: a sample count or a sentence."""

import pytest

from genbench.metrics.metric import count
from genbench.types import InputError


@pytest.mark.parametrize(("text", "meant"), [("2500", 2500), ("10k", 10_000), ("007", 7)])
def test_a_count(text: str, meant: int) -> None:
    assert count(text) == meant


@pytest.mark.parametrize("text", ["", "k", "0", "00k", "²", "1²", "٣", "-5", "1.5", " 5", "5\n", "9" * 5000])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(InputError, match="no sample count"):
        count(text)
