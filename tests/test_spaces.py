"""What a table says of the space of a metric, and which flags keep a score from comparing."""

from __future__ import annotations

import pytest

from genbench.registry import metrics
from genbench.spaces import SPACES, space_of
from genbench.types import FEW_SAMPLES, NO_COLLISION, ONE_CLASS, SINGULAR, UNSOLVED, compares, fewer


@pytest.mark.parametrize("name", ["kid_lenet@1k", "kid_inception", "kid_file:some_lenet.pt@10k"])
def test_the_suffix_says_the_space_and_a_files_name_does_not(name: str) -> None:
    suffix = "_" + name.partition(":")[0].partition("@")[0].rpartition("_")[2]
    assert space_of(name) == SPACES[suffix]


def test_scores_of_the_data_and_counts_name_no_space() -> None:
    assert space_of("modes@2500") is space_of("sliced_wasserstein@1k") is None
    assert "nothing published" in (space_of("frechet_lenet@10k") or "")


def test_every_metric_that_needs_a_file_says_its_space() -> None:
    with_path = [name for name in metrics if "path" in metrics[name].options and name != "inception_score"]
    assert len(with_path) > 20
    assert all(space_of(name) for name in with_path)


@pytest.mark.parametrize("flag", [fewer(12, 1000), NO_COLLISION, UNSOLVED])
def test_a_protocol_that_was_not_kept_does_not_compare(flag: str) -> None:
    assert not compares(["few samples", flag])


@pytest.mark.parametrize("flags", [(), (FEW_SAMPLES,), (SINGULAR, FEW_SAMPLES), (ONE_CLASS,)])
def test_other_flags_are_of_values_that_compare(flags: tuple[str, ...]) -> None:
    assert compares(flags)


def test_the_flag_of_fewer_samples_is_as_users_know_it() -> None:
    assert fewer(12, 1000) == "12 samples, 1000 asked"
