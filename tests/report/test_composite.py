from typing import Any

import numpy as np
import pandas as pd
import pytest

from genbench.report.aggregates import main_entries
from genbench.report.entries import entries
from genbench.report.formats import markdown
from genbench.report.leaderboard import leaderboard

Place = Any
ANCHORS = {"modes": {"trivial": 4.0, "real": 8.0}, "distance": {"trivial": 16.0, "real": 1.0}}
BOTH = {"anchors": ANCHORS, "ranked_by": ("modes", "distance")}


def test_it_is_the_mean_of_scores_between_trivial_and_real_on_their_scales(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}, "distance": {0: 4.0, 1: 32.0}}, **BOTH)
    row = place.board()[0]
    # Modes lie at .5 and 1, distances at ln(4/16) / ln(1/16) = .5 and −.25.
    assert (row["metric"], row["better"], row["trivial"], row["real"]) == ("composite", "higher", 0, 1)
    assert row["value"] == pytest.approx((0.5 + 0.375) / 2)
    assert row["scale"] == "identity"
    values = entries(place.load())[0].values
    assert values.tolist() == pytest.approx([0.5, 0.375])


def test_it_ranks_and_comes_first_of_its_task_alone(place: Place) -> None:
    wide = {"modes": dict(enumerate([7.0, 8.0, 7.5, 6.9])), "distance": dict(enumerate([9.0, 9.5, 8.7, 9.2]))}
    near = {"modes": dict(enumerate([6.0, 7.0, 6.5, 6.1])), "distance": dict(enumerate([1.1, 1.2, 1.0, 1.3]))}
    place.put("wide", wide, seeds=range(4), **BOTH)
    place.put("near", near, seeds=range(4), **BOTH)
    place.put("other", {"modes": {0: 8.0, 1: 8.0}}, task="grid25", anchors=ANCHORS)
    board = place.frame()
    assert board["metric"].unique().tolist() == ["modes", "composite", "distance"]  # grid25 comes first
    assert board[board["task"] == "ring8"]["metric"].unique().tolist() == ["composite", "modes", "distance"]
    assert place.board("composite")[0]["model"] == "near"
    assert place.board("modes", "ring8")[0]["model"] == "wide"
    found = place.board("composite")
    assert [(row["rank_low"], row["rank_high"], row["group"]) for row in found] == [(1, 1, "a"), (2, 2, "b")]
    assert {entry.metric for entry in main_entries(entries(place.load()))} == {"composite", "modes"}


def test_a_seed_lost_in_one_score_is_lost_and_ranks_as_the_worst(place: Place) -> None:
    place.put("odd", {"modes": {0: 8.0, 1: 8.0}, "distance": {0: 1.0, 1: np.nan}}, **BOTH)
    place.put("poor", {"modes": {0: 6.0, 1: 5.0}, "distance": {0: 4.0, 1: 8.0}}, **BOTH)
    odd = entries(place.load())[0]
    assert odd.lost == 1
    assert odd.costs.tolist() == pytest.approx([-1.0, -0.25])  # the worst is poor's (.25 + .25) / 2


@pytest.mark.parametrize(
    ("anchors", "why"),
    [
        ({"modes": ANCHORS["modes"]}, "distance has no score of real data or of the trivial sampler"),
        ({**ANCHORS, "modes": {"trivial": 7.9, "real": 8.0}}, "modes does not tell real data from the"),
    ],
)
def test_it_is_left_out_with_a_word_where_a_score_cannot_be_placed(
    place: Place, anchors: dict[str, dict[str, float]], why: str
) -> None:
    values = {"modes": {0: 6.0, 1: 8.0}, "distance": {0: 4.0, 1: 32.0}}
    place.put("gan", values, anchors=anchors, ranked_by=("modes", "distance"))
    board = leaderboard(place.load())
    assert board["metric"].tolist() == ["modes", "distance"]
    (note,) = board.attrs["notes"].values()
    assert note.startswith(f"ring8 is ranked by its first score, without a composite: {why}")
    assert note in markdown(board)


def test_a_method_without_one_of_the_scores_has_none(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}, "distance": {0: 4.0, 1: 32.0}}, **BOTH)
    place.put("half", {"modes": {0: 6.0, 1: 8.0}}, **BOTH)
    assert [row["model"] for row in place.board("composite")] == ["gan"]


def test_records_that_declare_none_rank_by_their_first_score(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}}, anchors=ANCHORS)
    assert [row["metric"] for row in place.board()] == ["modes"]
    assert place.frame().attrs["notes"] == {}
    assert not pd.isna(place.board()[0]["rank"])
