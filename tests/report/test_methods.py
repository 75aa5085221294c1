import pytest

from genbench.report.methods import labels


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([{"width": 64, "rate": 1}, {"width": 128, "rate": 1}], ["gan[width=64]", "gan[width=128]"]),
        ([{"width": 64}, {"width": 64}], ["gan", "gan"]),
        ([{"width": 64}, {}], ["gan[width=64]", "gan"]),
        ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], ["gan[a=1,b=x]", "gan[a=2,b=y]"]),
        ([{"betas": [0.5, 0.9]}, {"betas": None}], ["gan[betas=[0.5, 0.9]]", "gan[betas=null]"]),
    ],
)
def test_a_label_names_what_differs_and_nothing_else(settings: list[dict], expected: list[str]) -> None:
    assert labels(["gan", "gan"], settings) == expected


def test_labels_compare_within_one_name_only() -> None:
    assert labels(["gan", "vae"], [{"width": 64}, {"width": 128}]) == ["gan", "vae"]
