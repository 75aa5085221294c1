import math
from typing import Any

import numpy as np
import pytest

from genbench.report.aggregates import aggregates, improvements, main_entries
from genbench.report.entries import entries

Place = Any
MODES = {"modes": {"trivial": 4.0, "real": 8.0}}
DISTANCE = {"distance": {"trivial": 10.0, "real": 2.0}}


def test_scores_are_put_between_the_trivial_sampler_and_real_data(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}}, anchors=MODES)
    place.put("gan", {"distance": {0: 4.0, 1: 12.0}}, task="digits", anchors=DISTANCE)
    found = {entry.method.task: entry.normalised.tolist() for entry in entries(place.load())}
    # Distances lie between by their logarithms: ln(4 / 10) / ln(2 / 10) = .569, ln(12 / 10) / ln(2 / 10).
    assert found["ring8"] == [0.5, 1.0]
    assert found["digits"] == pytest.approx([0.5693, -0.1133], abs=1e-4)


def test_lost_seeds_count_as_trivial_at_best(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}}, failures={1: "not finite"}, anchors=MODES)
    assert entries(place.load())[0].normalised.tolist() == [0.5, 0.0]
    place.put("poor", {"modes": {0: 0.0, 1: 8.0}}, anchors=MODES)
    assert entries(place.load())[0].normalised.tolist() == [0.5, -1.0]


def test_a_metric_that_cannot_tell_trivial_from_real_is_not_aggregated(place: Place) -> None:
    same = {"modes": {"trivial": 7.9, "real": 8.0}}
    place.put("gan", {"modes": {0: 6.0}, "distance": {0: 4.0}}, anchors={**same, **DISTANCE})
    assert [entry.metric for entry in main_entries(entries(place.load()))] == ["distance"]


def test_a_trivial_sampler_that_is_the_truth_is_told_by_its_noise(place: Place) -> None:
    # The planar `gaussian` as measured: five draws of the trivial sampler, and real data's own interval.
    noise = {"trivial": 0.0811, "real": 0.0690, "trivial_error": 0.0108, "real_error": 0.0220}
    ring = {"trivial": 0.2528, "real": 0.0672, "trivial_error": 0.0035, "real_error": 0.0255}
    place.put("gan", {"distance": {0: 0.08}}, task="gaussian", anchors={"distance": noise})
    place.put("gan", {"distance": {0: 0.08}}, anchors={"distance": ring})
    assert [entry.method.task for entry in main_entries(entries(place.load()))] == ["ring8"]


def test_a_task_where_all_went_wrong_takes_no_other_with_it(place: Place) -> None:
    place.put("gan", {"modes": {0: 8.0, 1: 7.0, 2: 6.0, 3: 7.0}}, seeds=range(4), anchors=MODES)
    place.put("gan", {"distance": {0: 1e9, 1: 1e9}}, task="digits", anchors=DISTANCE)
    (row,) = aggregates(entries(place.load())).to_dict("records")
    assert row["iqm"] == (0.75 - 1) / 2  # modes of 7 are .75; the distances count as −1 each
    assert row["median"] == (0.75 - 1) / 2


def test_aggregates_are_over_all_tasks_and_seeds(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}}, anchors=MODES)
    place.put("gan", {"distance": {0: 4.0, 1: 6.0}}, task="digits", anchors=DISTANCE)
    place.put("vae", {"modes": {0: 8.0, 1: 8.0}}, anchors=MODES)
    frame = aggregates(entries(place.load()))
    assert frame["model"].tolist() == ["gan", "vae"]  # of more tasks first: others do not compare
    gan = frame.iloc[0]
    assert (gan["tasks"], gan["seeds"]) == (2, 4)
    digits = np.log(np.array([0.4, 0.6])) / np.log(0.2)  # distances of 4 and 6 between 10 and 2
    assert gan["iqm"] == pytest.approx((0.75 + digits.mean()) / 2)
    assert gan["median"] == pytest.approx((0.75 + digits.mean()) / 2)
    assert gan["iqm_low"] <= gan["iqm"] <= gan["iqm_high"]
    assert (frame.iloc[1]["iqm_low"], frame.iloc[1]["iqm_high"]) == (1.0, 1.0)


def test_improvement_is_over_shared_tasks_in_either_direction(place: Place) -> None:
    place.put("gan", {"distance": {0: 4.0, 1: 6.0}}, anchors=DISTANCE)
    place.put("vae", {"distance": {0: 5.0, 1: 3.0}}, anchors=DISTANCE)
    frame = improvements(entries(place.load())).set_index(["x", "y"])
    assert frame.loc[("gan", "vae"), "probability"] == 0.25  # 4 beats 5, and no other does
    assert frame.loc[("vae", "gan"), "probability"] == 0.75


def test_without_anchors_there_is_nothing_to_aggregate(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}})
    assert aggregates(entries(place.load())).empty
    assert improvements(entries(place.load())).empty
    assert math.isnan(entries(place.load())[0].normalised[0])


@pytest.mark.parametrize("status", ["running", "interrupted"])
def test_unfinished_methods_are_left_out(place: Place, status: str) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}}, anchors=MODES, status=status)
    assert aggregates(entries(place.load())).empty
