import time
from pathlib import Path

import pandas as pd
import pytest

from genbench.store import RunFolder, load, scan
from genbench.suite.renamed import ADDED
from genbench.types import Estimate, InputError, Record, Score, Verdict

TRACE = pd.DataFrame(
    {"seed": [0], "step": [1], "seconds": [0.1], "samples": [8], "signal": ["loss"], "value": [0.5]}
)
SCORES = [Score(seed, step, "modes", Estimate(8.0, 10)) for seed in (0, 1) for step in (5, 10)]


def write_run(root: Path, model: str, suite: str = "quick", key: str = "0123abcd") -> RunFolder:
    run = RunFolder.under(root, suite, "ring8", model, key)
    config = {"options": {"width": 4}, "task_options": {}, "steps": 10, "batch": 8}
    seconds = {"training": 2.0, "total": 3.0}
    record = Record(
        suite, "ring8", model, config, "done", (0, 1), 10, seconds=seconds, data={"checksum": "c0"}
    )
    run.write_trace(TRACE)
    run.write_scores(SCORES, {"modes": "higher"})
    run.write_verdicts([Verdict(0, "collapse", "clear", "8 of 8 modes")])
    run.write_record(record)
    return run


def test_loads_records_scores_verdicts_and_traces(tmp_path: Path) -> None:
    runs = [write_run(tmp_path, "gan"), write_run(tmp_path, "vae")]
    results = load(tmp_path)
    assert results.folders == tuple(runs)
    assert results.problems == ()
    row = results.records.iloc[0]
    assert (row.suite, row.task, row.model, row.key, row.status) == (
        "quick",
        "ring8",
        "gan",
        "0123abcd",
        "done",
    )
    assert (row.seeds, row.options, row.steps, row.batch) == ((0, 1), {"width": 4, **ADDED["gan"]}, 10, 8)
    assert (row.training_seconds, row.data, row.path) == (2.0, "c0", str(runs[0].path))
    assert pd.isna(row.evaluation_seconds)
    assert results.scores["model"].tolist() == ["gan"] * 4 + ["vae"] * 4
    assert results.scores["step"].tolist() == [5, 10] * 4
    assert results.verdicts[["model", "verdict"]].to_numpy().tolist() == [["gan", "clear"], ["vae", "clear"]]
    assert results.traces[["model", "signal", "value"]].to_numpy().tolist() == [
        ["gan", "loss", 0.5],
        ["vae", "loss", 0.5],
    ]


def test_traces_are_read_on_first_use_only(tmp_path: Path) -> None:
    run = write_run(tmp_path, "gan")
    results = load(tmp_path)
    run.write_trace(pd.concat([TRACE] * 3))
    assert len(results.traces) == 3
    run.write_trace(TRACE)
    assert len(results.traces) == 3


def test_a_path_may_be_a_run_a_task_a_suite_or_all_results(tmp_path: Path) -> None:
    run = write_run(tmp_path / "results", "gan")
    other = write_run(tmp_path / "results", "gan", suite="another")
    for path in (run.path, run.path.parent, run.path.parent.parent):
        assert scan(path) == ([run], [])
    assert scan(tmp_path / "results") == ([other, run], [])


def test_an_absent_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        load(tmp_path / "absent")


def test_no_runs_give_empty_frames(tmp_path: Path) -> None:
    results = load(tmp_path)
    for frame in (results.records, results.scores, results.verdicts, results.traces):
        assert frame.empty
        assert {"suite", "task", "model", "key"} <= set(frame.columns)
    assert {"seed", "step", "metric", "value", "better"} <= set(results.scores.columns)


def test_bad_and_half_written_runs_are_reported_and_skipped(tmp_path: Path) -> None:
    good = write_run(tmp_path, "good")
    write_run(tmp_path, "damaged").write_bytes("record.json", b"{")
    write_run(tmp_path, "truncated").write_bytes("scores.parquet", b"PAR1")
    write_run(tmp_path, "cut").write_bytes("trace.parquet", b"PAR1")
    write_run(tmp_path, "odd").write_bytes("verdicts.json", b"[3]")
    (write_run(tmp_path, "half").path / "record.json").unlink()
    RunFolder.under(tmp_path, "quick", "ring8", "empty", "0123abcd").path.mkdir()
    (good.path / ".record.json.1.tmp").write_bytes(b"half")
    folders, problems = scan(tmp_path)
    assert folders == [good]
    assert len(problems) == 6
    for name in ("damaged", "truncated", "cut", "odd", "half", "empty"):
        assert sum(f"{name}-0123abcd" in problem and "\n" not in problem for problem in problems) == 1
    assert load(tmp_path).problems == tuple(problems)


def test_other_folders_are_no_runs(tmp_path: Path) -> None:
    write_run(tmp_path, "gan", suite="long-12345678")
    write_run(tmp_path / ".hidden", "gan")
    (tmp_path / "asv" / "machine" / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    folders, problems = scan(tmp_path)
    assert [folder.path.parent.parent.name for folder in folders] == ["long-12345678"]
    assert problems == []


def test_hundreds_of_runs_load_in_seconds(tmp_path: Path) -> None:
    first = write_run(tmp_path, "gan")
    for number in range(1, 300):
        first.path.with_name(f"gan-{number:08x}").mkdir()
        for file in first.path.iterdir():
            first.path.with_name(f"gan-{number:08x}").joinpath(file.name).write_bytes(file.read_bytes())
    start = time.perf_counter()
    assert len(load(tmp_path).scores) == 300 * 4
    assert time.perf_counter() - start < 10
