"""Published and measured values side by side."""

import math
from pathlib import Path

import pytest

from genbench.report.published import Measured, main, measure, page
from genbench.report.published_values import PUBLISHED, Published
from genbench.store import RunFolder, load
from genbench.suite import expand, load_suite
from genbench.types import Estimate, Record, Score

ROW = Published(
    "GAN", "A paper", "ring8", "gan", "modes@2500", 6.0, 400, "too few steps", 0.5, {"width": 400}
)


def put(
    root: Path, key: str, values: list[float], steps: int = 40, metric: str = "modes@2500", **options: int
):
    run = RunFolder.under(root, "published", "ring8", "gan", key)
    early = [Score(seed, 1, metric, Estimate(-50.0, 1)) for seed in range(len(values))]
    late = [Score(seed, steps, metric, Estimate(value, 1)) for seed, value in enumerate(values)]
    run.write_scores([*early, *late], {metric: "higher"})
    config = {"options": options, "task_options": {"samples": 10}, "steps": steps, "batch": 8}
    seconds = {"training": 3600.0, "evaluation": 1800.0}
    run.write_record(
        Record("published", "ring8", "gan", config, "done", tuple(range(len(values))), seconds=seconds)
    )


def test_the_last_scores_of_matching_runs_count(tmp_path: Path):
    put(tmp_path, "0000000a", [5.0, 7.0], width=400)
    put(tmp_path, "0000000b", [100.0, 100.0], width=8)
    found = measure(ROW, load(tmp_path))
    assert (found.mean, found.seeds, found.steps) == (6.0, 2, 40)
    assert found.half == pytest.approx(12.706 * 1.0, rel=1e-4)  # t of 0.975 with 1 degree of freedom


def test_the_longest_budget_counts(tmp_path: Path):
    put(tmp_path, "0000000a", [5.0, 7.0], width=400)
    put(tmp_path, "0000000b", [6.0, 6.2], steps=400, width=400)
    assert measure(ROW, load(tmp_path)).steps == 400


@pytest.mark.parametrize(
    ("mean", "half", "agrees"), [(6.5, 0.1, True), (7.5, 0.6, True), (7.5, 0.4, False), (6.0, math.nan, None)]
)
def test_values_agree_where_their_intervals_meet(mean: float, half: float, agrees: bool | None):
    assert Measured(mean, half, 2, 40).agrees(ROW) is agrees


def test_the_page_names_what_differs_and_what_was_not_run(tmp_path: Path):
    put(tmp_path, "0000000a", [2.0, 2.1], width=400)
    other = Published("VAE", "Another paper", "ring8", "vae", "elbo@10", -90.0, 10, "no time")
    text = page([ROW, other], load(tmp_path))
    assert "| GAN | `modes@2500` | 6 ± 0.98 | 2.05 ± 0.64 | 40 of 400 | 2 | no |" in text
    assert "- **GAN:** too few steps" in text
    assert "| VAE | `elbo@10` | -90 | not run |  |  |  |" in text
    assert "- **VAE:** no time" in text
    assert "1 runs, 1.5 hours" in text


def test_agreement_needs_no_excuse(tmp_path: Path):
    put(tmp_path, "0000000a", [5.9, 6.1], width=400)
    text = page([ROW], load(tmp_path))
    assert "| yes |" in text
    assert "too few steps" not in text


def test_every_row_is_measured_by_a_run_of_the_suite():
    runs = expand(load_suite("published"))
    for row in PUBLISHED:
        fitting = [
            run
            for run in runs
            if (run.task, run.model) == (row.task, row.model)
            and row.metric in run.metrics
            and row.options.items() <= run.options.items()
            and row.task_options.items() <= run.task_options.items()
        ]
        assert len(fitting) == 1, row


def test_the_committed_page_is_what_the_committed_results_say(tmp_path: Path):
    root = Path(__file__).parents[2]
    main([str(root / "results/reference/published"), str(tmp_path / "page.md")])
    assert (tmp_path / "page.md").read_text() == (root / "docs/published.md").read_text()
