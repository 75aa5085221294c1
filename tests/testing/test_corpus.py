"""The committed traces of the fault corpus, scored again: whoever changes a detector sees what it does."""

import json
from pathlib import Path

import pandas as pd
import pytest

import genbench.detectors
from genbench.testing.calibrate import scores
from genbench.testing.faults import conditions
from genbench.testing.labels import LATER, healthy
from genbench.testing.scoring import (
    ALL,
    OURS,
    Judged,
    Rate,
    confusion,
    false_alarms,
    judge_all,
    markdown,
    misses,
    recall,
    summary,
)

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
CONDITIONS = conditions(ROOT / "suites" / "corpus" / "faults.toml")
SECOND = conditions(ROOT / "suites" / "corpus" / "second.toml")
THIRD = conditions(ROOT / "suites" / "corpus" / "third.toml")
LATER_CONDITIONS = {
    "memorisation": 3,
    "inactive_units": 6,
    "dead_units": 2,
    "checkerboard": 4,
    "chain_not_mixing": 1,
}
"""Conditions of the second round with runs that have a failure."""
DOCUMENT = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def corpus() -> list[Judged]:
    return judge_all(CONDITIONS, CORPUS)


@pytest.fixture(scope="module")
def held_out(corpus) -> list[Judged]:
    return [run for run in corpus if run.condition.part == "held out"]


@pytest.fixture(scope="module")
def second() -> list[Judged]:
    return judge_all(SECOND, CORPUS)


def documented(*tables: str) -> None:
    for line in "\n".join(tables).splitlines():
        assert line in DOCUMENT, f"docs/diagnostics.md lacks this line of a table:\n{line}"


def test_the_corpus_is_large_enough_and_split_by_condition():
    assert len(CONDITIONS) >= 60
    assert len({c.name for c in CONDITIONS}) == len(CONDITIONS)
    assert min(c.seeds for c in CONDITIONS) >= 8
    calibration, held_out = (
        {(c.task, c.options.get("loss"), c.options.get("optimizer")) for c in CONDITIONS if c.part == part}
        for part in ("calibration", "held out")
    )
    assert "hinge" not in {loss for _, loss, _ in calibration}
    assert "rmsprop" not in {optimizer for _, _, optimizer in calibration}
    assert {task for task, _, _ in calibration} == {"ring8"} < {task for task, _, _ in held_out}


def test_limits_rest_on_the_calibration_part():
    content = json.loads(Path(genbench.detectors.__file__).with_name("calibration.json").read_text())
    calibration = [c for c in CONDITIONS if c.part == "calibration"]
    assert content["provenance"]["conditions"] == [c.name for c in calibration]
    for name, values in scores(calibration, CORPUS).items():
        assert values == pytest.approx(content["rules"][name]["healthy"], rel=2e-3, abs=1e-3), name


def test_the_documented_tables_are_what_comes_out(held_out):
    tables = summary(held_out), misses(held_out)
    documented(*map(markdown, tables), markdown(confusion(held_out), index=True))


def test_the_documented_tables_of_the_second_round_are_what_comes_out(second):
    tables = summary(second, ALL), misses(second, ALL)
    documented(*map(markdown, tables), markdown(confusion(second, ALL), index=True))


def test_the_second_round_is_held_out_and_has_runs_of_what_the_first_lacks(second):
    assert {c.part for c in SECOND} == {"held out"}
    assert not {c.name for c in SECOND} & {c.name for c in CONDITIONS}
    assert min(c.seeds for c in SECOND) >= 8
    found = {f: len({run.condition.name for run in second if run.truth[f]}) for f in LATER}
    assert found == LATER_CONDITIONS


def test_the_documented_tables_of_the_third_round_are_what_comes_out():
    assert not {c.name for c in THIRD} & {c.name for c in [*SECOND, *CONDITIONS]}
    third = judge_all(THIRD, CORPUS)
    rates = summary(third, ALL)
    documented(markdown(rates[rates.rules == OURS]), markdown(misses(third, ALL)))
    documented(markdown(confusion(third, ALL), index=True))


def test_failures_are_found_and_healthy_runs_left_alone(held_out):
    for family in ("convergence_failure", "vanishing_gradient"):
        assert recall(held_out, family).hits >= 0.9 * recall(held_out, family).n
    for family in ("mode_collapse", "convergence_failure", "vanishing_gradient"):
        assert false_alarms(held_out, family).hits <= 0.05 * false_alarms(held_out, family).n


def test_two_hundred_healthy_runs_are_left_alone(corpus):
    well = [run for run in corpus if healthy(run.truth)]
    alarmed = [run for run in well if run.said["genbench"]]
    assert len(well) >= 200
    assert len(alarmed) <= 0.02 * len(well)


def test_labels_are_not_the_injection(held_out):
    meant_healthy = [run for run in held_out if run.condition.mechanism.startswith("healthy")]
    failed = [run for run in meant_healthy if any(run.truth.values())]
    assert len(meant_healthy) >= 100
    assert failed


def test_intervals_of_rates():
    assert Rate(0, 60).interval == pytest.approx((0.0, 0.0596), abs=1e-3)
    assert str(Rate(9, 10)) == "0.900 [0.555, 0.997] of 10"
    assert Rate(0, 0).interval == (0.0, 1.0)


def test_tables_are_markdown():
    table = markdown(pd.DataFrame({"a": [1], "b": ["x"]}))
    assert table == "| a | b |\n| --- | --- |\n| 1 | x |"
