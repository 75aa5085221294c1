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


def test_aggregates_are_over_all_tasks_and_seeds(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}}, anchors=MODES)
    place.put("gan", {"distance": {0: 4.0, 1: 6.0}}, task="digits", anchors=DISTANCE)
    place.put("vae", {"modes": {0: 8.0, 1: 8.0}}, anchors=MODES)
    frame = aggregates(entries(place.load()))
    assert frame["model"].tolist() == ["gan", "vae"]  # of more tasks first: others do not compare
    gan = frame.iloc[0]
    assert (gan["tasks"], gan["seeds"]) == (2, 4)
    assert gan["iqm"] == np.mean([0.5, 0.75])
    assert gan["median"] == np.median([0.5, 1.0, 0.75, 0.5])
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
