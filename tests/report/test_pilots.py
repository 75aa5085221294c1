"""The pilot search: what wins, and what the page says of it."""

import json
from pathlib import Path

import pandas as pd
import pytest

from genbench import registry
from genbench.report.pilots import KINDS, choices, main, page, qualities, settings
from genbench.store import RunFolder, load
from genbench.suite import expand, load_suite
from genbench.types import Estimate, Record, Score

ROOT = Path(__file__).parents[2]
TABLE, PAGE = ROOT / "results/reference/pilots.csv", ROOT / "docs/defaults.md"


def put(root, key, task, options, values, failed=()):
    """A run of `gan` in the suite for points, whose metric is between .2, trivial, and 1, real."""
    run = RunFolder.under(root, "points", task, "gan", key)
    seeds = tuple(range(1000, 1000 + len(values)))
    run.write_scores(
        [Score(seed, 9, "m@5", Estimate(v, 5)) for seed, v in zip(seeds, values, strict=True)],
        {"m@5": "higher"},
    )
    known = registry.models["gan"].options
    config = {"options": {**known, **options}, "task_options": {}, "steps": 9, "batch": 8}
    failures = {seeds[i]: "was not finite" for i in failed}
    anchors = {"m@5": {"trivial": 0.2, "real": 1.0}}
    run.write_record(Record("points", task, "gan", config, "done", seeds, failures=failures, anchors=anchors))


@pytest.fixture
def searched(tmp_path):
    put(tmp_path, "0000000a", "ring8", {"rate": 0.5}, [0.6, 0.6])  # .5 of the way
    put(tmp_path, "0000000b", "grid25", {"rate": 0.5}, [1.0, 1.0])  # all of it
    put(tmp_path, "0000000c", "ring8", {"depth": 3}, [1.0, 1.0])
    put(tmp_path, "0000000d", "grid25", {"depth": 3}, [0.2, 0.2])
    put(tmp_path, "0000000e", "ring8", {}, [1.0, 1.0], failed=[0])  # the worst here is .6
    put(tmp_path, "0000000f", "grid25", {}, [0.2, 0.2])
    return settings(load(tmp_path))


def test_the_best_mean_over_tasks_wins(searched):
    (choice,) = choices(searched)
    assert choice.options == {"rate": 0.5}
    assert choice.quality == pytest.approx(0.75)
    assert choice.second == pytest.approx(0.5)
    assert choice.settings == 3


def test_a_seed_that_failed_counts_as_the_worst(searched):
    quality = dict(zip(qualities(searched)["options"], qualities(searched)["quality"], strict=True))
    assert quality["{}"] == pytest.approx((0.5 * (0.0 + 1.0) + 0.0) / 2)


def test_the_page_can_be_made_of_the_table_alone(searched, tmp_path):
    table, written = tmp_path / "pilots.csv", tmp_path / "defaults.md"
    searched.to_csv(table, index=False)
    main(["--table", str(table), "--page", str(written)])
    text = written.read_text()
    assert text == page(pd.read_csv(table)) == page(searched)
    assert "| gan | `rate = 0.5` | 0.750 | 0.500 |" in text
    assert "## Points: grid25, ring8, 3 settings a method" in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_is_searched_alike_on_seeds_that_no_leaderboard_uses(kind):
    runs = expand(load_suite(ROOT / f"suites/pilots/{kind}.toml"))
    count = {(run.model, run.task): 0 for run in runs}
    for run in runs:
        count[run.model, run.task] += 1
        assert min(run.seeds) >= 1000
        assert len(run.seeds) == len(runs[0].seeds)
        assert registry.tasks[run.task].kind == kind.replace("-", " ")
    assert len(set(count.values())) == 1
    used = {
        seed
        for name in ("quick", "planar", "mnist")
        for run in expand(load_suite(name))
        for seed in run.seeds
    }
    assert max(used) < 1000


def test_what_is_tuned_is_what_the_search_found():
    found = {(c.model, c.kind.replace("-", " ")): c.options for c in choices(pd.read_csv(TABLE))}
    tuned = {
        (entry.name, kind): json.loads(json.dumps(options))
        for entry in registry.models.values()
        for kind, options in entry.tuned.items()
    }
    assert tuned == {name: options for name, options in found.items() if options}


def test_the_committed_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(pd.read_csv(TABLE))
