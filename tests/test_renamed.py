"""Runs from before options were added stay the runs that they were."""

from dataclasses import replace

import pytest

from genbench.registry import models
from genbench.suite import RunConfig, expand, load_suite
from genbench.suite.renamed import ADDED, RENAMED, first_names, todays_names


@pytest.fixture
def run() -> RunConfig:
    return next(run for run in expand(load_suite("planar"), models=["vae"], tasks=["ring8"]))


def test_keys_of_runs_from_before_an_option_was_added_stay(run: RunConfig) -> None:
    assert "restarts" in run.options
    assert run.key == "3ed2579b"
    old = {name: value for name, value in run.options.items() if name != "restarts"}
    assert replace(run, options=old).key == run.key
    assert replace(run, options={**run.options, "restarts": False}).key != run.key


def test_an_old_record_is_read_with_what_its_run_did(run: RunConfig) -> None:
    old = {name: value for name, value in run.options.items() if name != "restarts"}
    written = {**run.as_dict(), "options": old}
    read = RunConfig.from_dict({**written, "options": todays_names("vae", old)})
    assert read == run


@pytest.mark.parametrize("model", sorted({*RENAMED, *ADDED}))
def test_names_of_today_and_of_the_first_edition_are_inverse(model: str) -> None:
    added = ADDED.get(model, {})
    today = {**dict.fromkeys(RENAMED.get(model, {}).values(), 1), **added}
    assert todays_names(model, first_names(model, today)) == today
    assert not added.keys() & first_names(model, today).keys()


def test_another_value_of_an_added_option_is_kept() -> None:
    assert first_names("vae", {"restarts": False}) == {"restarts": False}
    assert todays_names("vae", {"restarts": False}) == {"restarts": False}


@pytest.mark.parametrize("model", sorted(ADDED))
def test_what_was_added_are_options_of_today(model: str) -> None:
    assert models[model].resolve(ADDED[model]).items() >= ADDED[model].items()
