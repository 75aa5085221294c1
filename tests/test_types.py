import pytest

from genbench.types import compares


@pytest.mark.parametrize(
    ("flags", "whether"),
    [
        ((), True),
        (("singular covariance", "few samples"), True),
        (("12 samples, 1000 asked",), False),
        (("few samples", "999 samples, 1000 asked"), False),
        (("of 12 samples, 1000 asked for more",), True),
    ],
)
def test_scores_of_fewer_samples_than_the_protocol_asks_for_compare_with_none(
    flags: tuple[str, ...], whether: bool
) -> None:
    assert compares(flags) is whether
