"""The committed traces of the fault corpus, scored again: whoever changes a detector sees what it does."""

import json
from pathlib import Path

import pandas as pd
import pytest

import genbench.detectors
from genbench.detectors.calibration import provenance
from genbench.testing.calibrate import scores
from genbench.testing.faults import conditions
from genbench.testing.labels import healthy
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
FIRST, SECOND, THIRD, FOURTH = (
    conditions(ROOT / "suites" / "corpus" / f"{name}.toml")
    for name in ("faults", "second", "third", "fourth")
)
DEVELOPMENT = [*FIRST, *SECOND, *THIRD]
"""What version 2 of rules and limits was made with in view."""
DOCUMENT = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def development() -> list[Judged]:
    return judge_all(DEVELOPMENT, CORPUS)


@pytest.fixture(scope="module")
def first(development) -> list[Judged]:
    names = {condition.name for condition in FIRST}
    return [run for run in development if run.condition.name in names]


@pytest.fixture(scope="module")
def held_out() -> list[Judged]:
    return judge_all(FOURTH, CORPUS)


def documented(*tables: str) -> None:
    for line in "\n".join(tables).splitlines():
        assert line in DOCUMENT, f"docs/diagnostics.md lacks this line of a table:\n{line}"


def test_the_rounds_share_no_condition():
    every = [*DEVELOPMENT, *FOURTH]
    assert len({condition.name for condition in every}) == len(every)
    assert min(condition.seeds for condition in every) >= 8
    assert len(FIRST) >= 60
    assert len(FOURTH) >= 24


def test_what_judges_version_2_is_held_out():
    """No limit has seen the fourth round; half of its tasks and one optimiser are in no other."""
    assert {condition.part for condition in FOURTH} == {"held out"}
    assert not {condition.name for condition in FOURTH} & set(provenance()["conditions"])
    seen, new = ({c.task.partition("-")[0] for c in part} for part in (DEVELOPMENT, FOURTH))
    assert len(new - seen) >= 4
    assert "momentum" not in {condition.options.get("optimizer") for condition in DEVELOPMENT}


def test_the_fourth_round_has_what_earlier_ones_lack(held_out):
    """Healthy runs, and failures by outcome of which there were one run, two mechanisms, and one net."""
    assert sum(healthy(run.truth) for run in held_out) >= 60
    found = {
        f: len({run.condition.name for run in held_out if run.truth[f]})
        for f in ("chain_not_mixing", "dead_units", "memorisation")
    }
    assert found == {"chain_not_mixing": 2, "dead_units": 4, "memorisation": 2}


def test_limits_rest_on_the_development_runs():
    content = json.loads(Path(genbench.detectors.__file__).with_name("calibration.json").read_text())
    assert content["provenance"]["conditions"] == [condition.name for condition in DEVELOPMENT]


def test_p_values_rest_on_the_healthy_runs_of_all_rounds():
    """Those that judge the limits are among them, since a p-value moves no limit."""
    content = json.loads(Path(genbench.detectors.__file__).with_name("calibration.json").read_text())
    for name, values in scores([*DEVELOPMENT, *FOURTH], CORPUS).items():
        assert values == pytest.approx(content["rules"][name]["healthy"], rel=2e-3, abs=1e-3), name


def test_the_documented_tables_are_what_comes_out(held_out):
    tables = summary(held_out, ALL), misses(held_out, ALL)
    documented(*map(markdown, tables), markdown(confusion(held_out, ALL), index=True))


def test_the_documented_rates_of_the_development_runs_are_what_comes_out(development):
    rates = summary(development, ALL)
    documented(markdown(rates[rates.rules == OURS]))


def test_failures_are_found_and_healthy_runs_left_alone(first):
    """The targets that version 1 was held to, on the runs that judged it."""
    part = [run for run in first if run.condition.part == "held out"]
    for family in ("mode_collapse", "convergence_failure", "vanishing_gradient"):
        assert recall(part, family).hits >= 0.9 * recall(part, family).n
        assert false_alarms(part, family).hits <= 0.05 * false_alarms(part, family).n


def test_failures_of_all_development_runs_are_mostly_found(development):
    """What version 2 does on the runs it was made with: who changes a rule sees it here first."""
    for family in ("mode_collapse", "convergence_failure", "vanishing_gradient"):
        assert recall(development, family).hits >= 0.8 * recall(development, family).n
        assert false_alarms(development, family).hits <= 0.02 * false_alarms(development, family).n


def test_two_hundred_healthy_runs_are_left_alone(first):
    well = [run for run in first if healthy(run.truth)]
    alarmed = [run for run in well if run.said["genbench"]]
    assert len(well) >= 200
    assert len(alarmed) <= 0.02 * len(well)


def test_labels_are_not_the_injection(development):
    meant_healthy = [run for run in development if run.condition.mechanism.startswith("healthy")]
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
