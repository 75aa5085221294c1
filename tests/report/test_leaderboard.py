import math
from typing import Any

import pandas as pd
import pytest

from genbench.report.leaderboard import THROUGHPUT
from genbench.types import Estimate, InputError, Score, Verdict

BETTER = {"modes": "higher", "distance": "lower"}
Place = Any


def test_the_value_is_the_mean_at_the_last_step_with_a_student_interval(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 7.0, 2: 8.0}}, seeds=(0, 1, 2))
    (row,) = place.board()
    half = 4.302652729911275 * 1.0 / math.sqrt(3)  # t of 0.975 with 2 degrees of freedom, from a table
    assert row["value"] == 7.0
    assert row["ci_low"] == pytest.approx(7 - half)
    assert row["ci_high"] == pytest.approx(7 + half)
    assert (row["seeds"], row["failed"], row["better"], row["rank"], row["status"]) == (
        3,
        0,
        "higher",
        1,
        "done",
    )


def test_one_seed_has_no_interval(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0}}, seeds=(0,))
    (row,) = place.board()
    assert math.isnan(row["ci_low"])
    assert math.isnan(row["ci_high"])


def test_the_last_step_is_each_seeds_own(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0}})
    run = place.load().folders[0]
    run.write_scores([*run.read_scores(), Score(1, 20, "modes", Estimate(2.0, 1))], BETTER)
    assert place.board()[0]["value"] == 4.0


def test_ranks_follow_each_metrics_direction_and_ties_share(place: Place) -> None:
    place.put("a", {"modes": {0: 8.0}, "distance": {0: 3.0}}, seeds=(0,))
    place.put("b", {"modes": {0: 8.0}, "distance": {0: 1.0}}, seeds=(0,))
    place.put("c", {"modes": {0: 2.0}, "distance": {0: 2.0}}, seeds=(0,))
    assert {row["model"]: row["rank"] for row in place.board("modes")} == {"a": 1, "b": 1, "c": 3}
    assert [row["model"] for row in place.board("distance")] == ["b", "c", "a"]


def test_a_tasks_first_metric_does_not_depend_on_other_tasks(place: Place) -> None:
    place.put("a", {"distance": {0: 1.0}}, seeds=(0,), task="gaussian")
    place.put("a", {"modes": {0: 4.0}, "distance": {0: 1.0}}, seeds=(0,))
    place.put("b", {"modes": {0: 8.0}, "distance": {0: 9.0}}, seeds=(0,))
    own = [row for row in place.board() if row["task"] == "ring8"]
    assert [(row["metric"], row["model"]) for row in own] == [
        ("modes", "b"),
        ("modes", "a"),
        ("distance", "a"),
        ("distance", "b"),
    ]


def test_a_failed_seed_is_not_shown_but_ranks_as_the_worst_of_all(place: Place) -> None:
    place.put("steady", {"distance": {0: 2.0, 1: 2.0}})
    place.put("fragile", {"distance": {0: 1.0, 1: 0.5}}, failures={1: "not finite"})
    place.put("poor", {"distance": {0: 9.0, 1: 4.0}})
    rows = {row["model"]: row for row in place.board()}
    assert (rows["fragile"]["value"], rows["fragile"]["failed"], rows["fragile"]["seeds"]) == (1.0, 1, 2)
    assert math.isnan(rows["fragile"]["ci_low"])
    # Distances rank by their logarithms: fragile by √(1 · 9) = 3, behind steady's 2, before poor's 6.
    assert [rows[name]["rank"] for name in ("steady", "fragile", "poor")] == [1, 2, 3]


def test_a_score_that_is_not_finite_counts_as_the_worst(place: Place) -> None:
    place.put("odd", {"modes": {0: 8.0, 1: math.nan}})
    place.put("poor", {"modes": {0: 5.0, 1: 1.0}})
    place.put("good", {"modes": {0: 7.0, 1: 7.0}})
    rows = {row["model"]: row for row in place.board()}
    assert (rows["odd"]["value"], rows["odd"]["failed"]) == (8.0, 0)
    assert [rows[name]["rank"] for name in ("good", "odd", "poor")] == [1, 2, 3]


def test_a_run_that_failed_as_a_whole_is_last_in_every_metric(place: Place) -> None:
    place.put("good", {"modes": {0: 8.0, 1: 8.0}, "distance": {0: 1.0, 1: 2.0}})
    place.put("broken", {}, status="failed", reason="it broke", data={})
    rows = [row for row in place.board() if row["model"] == "broken"]
    assert [row["metric"] for row in rows] == ["modes", "distance"]
    for row in rows:
        assert math.isnan(row["value"])
        assert (row["seeds"], row["failed"], row["rank"], row["reason"]) == (2, 2, 2, "it broke")


def test_where_nothing_is_finite_there_is_no_rank(place: Place) -> None:
    place.put("odd", {"modes": {0: math.nan, 1: math.inf}})
    (row,) = place.board()
    assert math.isnan(row["value"])
    assert pd.isna(row["rank"])


def test_an_unfinished_run_is_shown_without_a_rank(place: Place) -> None:
    place.put("half", {"modes": {0: 8.0, 1: 8.0}}, status="interrupted")
    place.put("whole", {"modes": {0: 2.0, 1: 2.0}})
    rows = {row["model"]: row for row in place.board()}
    assert (rows["half"]["value"], rows["half"]["status"]) == (8.0, "interrupted")
    assert pd.isna(rows["half"]["rank"])
    assert rows["whole"]["rank"] == 1


def test_a_skipped_run_is_listed_with_its_reason(place: Place) -> None:
    place.put("gan", {"modes": {0: 8.0, 1: 8.0}})
    place.put("dcgan", {}, status="skipped", reason="points have no pixels", data={})
    rows = place.board()
    assert [row["task"] for row in rows] == ["ring8", "ring8"]
    assert (rows[1]["model"], rows[1]["status"], rows[1]["reason"]) == (
        "dcgan",
        "skipped",
        "points have no pixels",
    )
    assert pd.isna(rows[1]["metric"])


def test_runs_of_one_configuration_are_merged_over_distinct_seeds(place: Place) -> None:
    place.put("gan", {"modes": {0: 1.0, 1: 2.0}}, seeds=(0, 1), options={"width": 4})
    place.put("gan", {"modes": {1: 2.0, 2: 6.0}}, seeds=(1, 2), options={"width": 4})
    (row,) = place.board()
    assert (row["model"], row["value"], row["seeds"]) == ("gan", 3.0, 3)


def test_several_configurations_are_told_apart_by_what_differs(place: Place) -> None:
    for width in (4, 8):
        place.put("gan", {"modes": {0: float(width)}}, seeds=(0,), options={"width": width, "rate": 0.1})
    place.put("gan", {"modes": {0: 1.0}}, seeds=(0,), task="digits", options={"width": 4, "rate": 0.1})
    assert [(row["task"], row["model"]) for row in place.board()] == [
        ("digits", "gan"),
        ("ring8", "gan[width=8]"),
        ("ring8", "gan[width=4]"),
    ]


def test_other_data_are_another_task(place: Place) -> None:
    place.put("gan", {"modes": {0: 1.0}}, seeds=(0,), task="mnist", task_options={"size": 28})
    place.put("gan", {"modes": {0: 2.0}}, seeds=(0,), task="mnist", task_options={"size": 32})
    place.put("vae", {"modes": {0: 3.0}}, seeds=(0,), data={"checksum": "a" * 64})
    place.put("gan", {"modes": {0: 3.0}}, seeds=(0,), data={"checksum": "b" * 64})
    assert {row["task"] for row in place.board()} == {
        "mnist[size=28]",
        "mnist[size=32]",
        "ring8[data=aaaaaaaa]",
        "ring8[data=bbbbbbbb]",
    }
    assert {row["rank"] for row in place.board()} == {1}


def test_throughput_is_a_row(place: Place) -> None:
    place.put("gan", {"modes": {0: 1.0, 1: 1.0}}, examples=600, seconds={"training": 2.0})
    place.put("vae", {"modes": {0: 1.0, 1: 1.0}}, examples=600, seconds={"training": 1.0})
    rows = place.board(THROUGHPUT)
    assert [(row["model"], row["value"]) for row in rows] == [("vae", 600.0), ("gan", 300.0)]
    assert all(pd.isna(row["rank"]) and pd.isna(row["rank_low"]) and pd.isna(row["group"]) for row in rows)
    assert all(math.isnan(row["ci_low"]) and row["better"] == "higher" for row in rows)


def test_one_task_can_be_chosen(place: Place) -> None:
    place.put("gan", {"modes": {0: 1.0}}, seeds=(0,))
    place.put("gan", {"modes": {0: 1.0}}, seeds=(0,), task="digits")
    assert [row["task"] for row in place.board(task="digits")] == ["digits"]
    with pytest.raises(InputError, match="no run of task 'mnist'; there are runs of digits, ring8"):
        place.board(task="mnist")


def test_no_runs_give_an_empty_leaderboard(place: Place) -> None:
    assert place.board() == []


def test_ranks_have_intervals_and_groups_over_shared_seeds(place: Place) -> None:
    place.put("good", {"distance": {0: 1.0, 1: 2.0, 2: 3.0}}, seeds=(0, 1, 2))
    place.put("same", {"distance": {0: 1.1, 1: 1.9, 2: 3.1}}, seeds=(0, 1, 2))
    place.put("poor", {"distance": {0: 110.0, 1: 120.1, 2: 130.0}}, seeds=(0, 1, 2))
    rows = {row["model"]: row for row in place.board()}
    found = {name: (row["rank_low"], row["rank_high"], row["group"]) for name, row in rows.items()}
    assert found == {"good": (1, 2, "a"), "same": (1, 2, "a"), "poor": (3, 3, "b")}


def test_an_unfinished_run_has_no_rank_interval_and_hinders_nobody(place: Place) -> None:
    place.put("half", {"modes": {0: 8.0, 1: 8.0}}, status="interrupted")
    place.put("whole", {"modes": {0: 2.0, 1: 2.0}})
    rows = {row["model"]: row for row in place.board()}
    assert pd.isna(rows["half"]["rank_low"])
    assert pd.isna(rows["half"]["group"])
    assert (rows["whole"]["rank_low"], rows["whole"]["rank_high"], rows["whole"]["group"]) == (1, 1, "a")


def test_failed_and_diagnosed_seeds_make_the_failure_rate(place: Place) -> None:
    run = place.put(
        "gan", {"modes": dict.fromkeys(range(4), 8.0)}, seeds=range(4), failures={1: "not finite"}
    )
    run.write_verdicts(
        [
            Verdict(0, "collapse", "clear", "eight modes", level="failure"),
            Verdict(1, "collapse", "detected", "one mode", level="failure"),
            Verdict(2, "collapse", "detected", "one mode", level="failure"),
            Verdict(3, "collapse", "clear", "eight modes", level="failure"),
        ]
    )
    place.put("dcgan", {}, status="skipped", reason="points have no pixels", data={})
    rows = {row["model"]: row for row in place.board()}
    assert (rows["gan"]["judged"], rows["gan"]["failures"], rows["gan"]["failure_rate"]) == (4, 2, 0.5)
    assert rows["gan"]["failure_low"] == pytest.approx(0.15, abs=0.01)
    assert rows["gan"]["failure_high"] == pytest.approx(0.85, abs=0.01)
    assert math.isnan(rows["dcgan"]["failure_rate"])


def test_trivial_and_real_scores_come_from_whichever_run_knows_them(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 6.0}}, anchors={"modes": {"trivial": 4.0, "real": 8.0}})
    place.put("external", {"modes": {0: 7.0}}, seeds=(0,))
    assert [(row["trivial"], row["real"]) for row in place.board()] == [(4.0, 8.0), (4.0, 8.0)]


def test_a_score_of_fewer_samples_than_asked_is_shown_and_not_ranked(place: Place) -> None:
    place.put("whole", {"distance": {0: 4.0, 1: 5.0}})
    run = place.put("few", {"distance": {0: 0.1, 1: 900.0}})
    flags = ("12 samples, 1000 asked",)
    run.write_scores([Score(s, 10, "distance", Estimate(0.1, 12, flags=flags)) for s in (0, 1)], BETTER)
    rows = {row["model"]: row for row in place.board("distance")}
    assert rows["few"]["flags"] == flags
    assert rows["few"]["value"] == pytest.approx(0.1)
    assert pd.isna(rows["few"]["rank"])
    assert (rows["whole"]["rank"], rows["whole"]["rank_high"], rows["whole"]["flags"]) == (1, 1, ())


def test_scores_say_their_scale_and_distances_rank_by_it(place: Place) -> None:
    place.put("even", {"distance": {0: 3.0, 1: 3.0}, "modes": {0: 8.0, 1: 7.0}})
    place.put("odd", {"distance": {0: 1.0, 1: 6.0}, "modes": {0: 8.0, 1: 7.0}})  # mean 3.5, geometric 2.4
    assert [(row["model"], row["scale"]) for row in place.board("distance")] == [
        ("odd", "log"),
        ("even", "log"),
    ]
    assert {row["scale"] for row in place.board("modes")} == {"identity"}


def test_where_nothing_can_be_told_apart_the_seeds_needed_are_said(place: Place) -> None:
    place.put("best", {"modes": {0: 8.0, 1: 7.0, 2: 7.5}}, seeds=(0, 1, 2))
    place.put("near", {"modes": {0: 7.8, 1: 6.9, 2: 7.3}}, seeds=(0, 1, 2))
    place.put("half", {"modes": {0: 4.0, 1: 6.1, 2: 6.2}}, seeds=(0, 1, 2))
    rows = {row["model"]: row for row in place.board("modes")}
    assert {row["group"] for row in rows.values()} == {"a"}
    assert pd.isna(rows["best"]["needed"])
    assert 4 <= rows["half"]["needed"] < 20 < rows["near"]["needed"]
    place.put("far", {"modes": {0: 1.1, 1: 1.0, 2: 1.2}}, seeds=(0, 1, 2))
    assert all(pd.isna(row["needed"]) for row in place.board("modes"))


def test_work_is_that_of_one_seeds_whole_run(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 6.0}}, cost={"flops": [[0, 100], [4, 10]]})
    place.put("old", {"modes": {0: 6.0, 1: 6.0}})
    rows = {row["model"]: row["work"] for row in place.board("modes")}
    assert rows["gan"] == 4 * 100 + 6 * 10
    assert math.isnan(rows["old"])


def test_methods_below_the_trivial_sampler_are_marked(place: Place) -> None:
    anchors = {"distance": {"trivial": 10.0, "real": 1.0, "trivial_error": 0.2, "real_error": 0.1}}
    place.put("poor", {"distance": {0: 20.0, 1: 21.0}}, anchors=anchors)
    place.put("good", {"distance": {0: 4.0, 1: 5.0}}, anchors=anchors)
    assert {row["model"]: row["below_trivial"] for row in place.board()} == {"poor": True, "good": False}
