from pathlib import Path

import pytest

from genbench.report.methods import labels, methods
from genbench.store import RunFolder, load
from genbench.suite import RunConfig
from genbench.types import Record


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


def test_runs_of_two_revisions_of_a_model_are_two_methods(tmp_path: Path) -> None:
    """A record that holds none was made by the first one."""
    for revision in (1, 2):
        config = RunConfig("s", "ring8", {}, "dbn", {}, (0, 1), 8, 16, 1, revision=revision)
        folder = RunFolder.under(tmp_path, "s", "ring8", "dbn", config.key)
        folder.write_record(Record("s", "ring8", "dbn", config.as_dict(), "done", (0, 1)))
    assert [method.model for method in methods(load(tmp_path).records)] == [
        "dbn[revision=1]",
        "dbn[revision=2]",
    ]
