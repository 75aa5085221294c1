import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from genbench.cli.printing import settings
from genbench.cli.progress import Terminal, run_names
from genbench.cli.runs import _report_failures
from genbench.report.methods import names
from genbench.store import folder_place
from genbench.suite import RunConfig, expand, load_suite, split_seeds
from genbench.types import Record

SWEEP = """
description = "a sweep"
seeds = 4
steps = 2
batch = 8

[[compare]]
tasks = ["ring8"]
models = ["gan"]
sweep = { gan = { width = [8, 16, 32] } }
"""
WIDTHS = ["ring8 · gan[width=8]", "ring8 · gan[width=16]", "ring8 · gan[width=32]"]


@pytest.fixture
def sweep(tmp_path: Path) -> list[RunConfig]:
    path = tmp_path / "mine.toml"
    path.write_text(SWEEP)
    return expand(load_suite(path))


def test_the_points_of_a_sweep_are_named_by_what_differs(sweep: list[RunConfig]) -> None:
    assert list(run_names(sweep).values()) == WIDTHS
    assert list(run_names(sweep[:1]).values()) == ["ring8 · gan"]


def test_runs_that_share_seeds_out_are_named_by_them(sweep: list[RunConfig]) -> None:
    assert list(run_names(split_seeds(sweep[:1], 2)).values()) == [
        "ring8 · gan, seeds 0, 1",
        "ring8 · gan, seeds 2, 3",
    ]


def test_progress_lines_and_bars_name_each_point(sweep: list[RunConfig], tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    with Terminal(console, folder_place(str(tmp_path)), run_names(sweep)) as terminal:
        terminal.expect(3)
        for config in sweep:
            terminal.begin(config)
        bars = [task.description.replace("\\[", "[") for task in terminal.bars.tasks]
        for config in sweep:
            record = Record(
                "s", config.task, config.model, config.as_dict(), "done", config.seeds, steps_done=2
            )
            terminal.end(config, record, reused=False)
    assert [re.sub(r"\[/?(bold)?\]", "", bar) for bar in bars] == WIDTHS
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"[{place}/3] {name}" for place, name in enumerate(WIDTHS, start=1)
    ]


def test_what_failed_is_named_by_what_differs(
    sweep: list[RunConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    failed = [
        Record("s", config.task, config.model, config.as_dict(), "failed", config.seeds, reason="full disk")
        for config in sweep[1:]
    ]
    with pytest.raises(SystemExit, match="3"):
        _report_failures(failed, run_names(sweep))
    assert capsys.readouterr().err.splitlines() == [
        f"genbench: {name} failed: full disk" for name in WIDTHS[1:]
    ]


def test_records_are_named_as_their_runs_were(sweep: list[RunConfig]) -> None:
    """`genbench show` knows of a run what its record says."""
    records = [
        {"task": config.task, "model": config.model, "config": config.as_dict(), "data": {"checksum": "c"}}
        for config in sweep
    ]
    shown = names([settings(record) for record in records])
    assert [" · ".join(name) for name in shown] == WIDTHS
