"""Diagnosis of real runs: written beside them, shown, and able to end hopeless seeds."""

import json

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import genbench
from genbench.cli import app
from genbench.detectors import diagnose
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.registry import detectors
from genbench.report.evidence import evidence_picture
from genbench.report.looks import before_and_after
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.types import InputError, Record, Trace

STEPS = 600
OPTIONS = {"latent": 2, "rate": 1e-7, "width": 16}


def config(**changes) -> RunConfig:
    given = {
        "steps": STEPS,
        "batch": 16,
        "evaluations": 1,
        "metrics": ("sliced_wasserstein@2500",),
        **changes,
    }
    return RunConfig("sick", "ring8", {"samples": 4000}, "gan", OPTIONS, seeds=(0, 1), **given)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    (record,) = run_all([config()], Placement(torch.device("cpu")), out)
    assert record.status == "done"
    return out


@pytest.fixture(scope="module")
def trace(results) -> Trace:
    return Trace(genbench.load(results).folders[0].read_trace())


def test_every_run_has_verdicts(results):
    verdicts = genbench.load(results).verdicts
    assert set(verdicts["detector"]) == set(detectors)
    found = verdicts[verdicts.verdict == "detected"]
    assert set(found[found.detector == "convergence_failure"]["seed"]) == {0, 1}


def test_the_command_line_says_so(results):
    said = CliRunner().invoke(app, ["diagnose", str(results)])
    assert said.exit_code == 0
    assert "convergence_failure (never learned)" in said.stdout
    assert "posterior_collapse: not applicable, needs vae/code_use" in said.stdout


def test_json_is_as_documented(results):
    said = json.loads(CliRunner().invoke(app, ["diagnose", str(results), "--json"]).stdout)
    keys = {"seed", "detector", "verdict", "subtype", "onset", "p", "effect", "evidence", "remedy"}
    keys |= {"level", "cause"}
    assert all(set(row) == keys for row in said["verdicts"])
    assert len(said["verdicts"]) == 2 * len(detectors)


def test_json_names_the_run_where_there_are_several(tmp_path, trace):
    for model in ("gan", "vae"):
        folder = RunFolder.under(tmp_path, "suite", "ring8", model, "0123abcd")
        folder.write_trace(trace.frame)
        folder.write_record(Record("suite", "ring8", model, {}, "done", (0, 1)))
    said = json.loads(CliRunner().invoke(app, ["diagnose", str(tmp_path), "--json"]).stdout)
    assert len({row["run"] for row in said["verdicts"]}) == 2


def test_evidence_is_drawn(results, tmp_path):
    said = CliRunner().invoke(app, ["diagnose", str(results), "--plots", str(tmp_path)])
    assert said.exit_code == 0
    assert len(list(tmp_path.glob("*-seed0-convergence_failure.png"))) == 1


def test_a_report_shows_the_evidence_of_each_finding(results, tmp_path):
    assert CliRunner().invoke(app, ["report", str(results), "-o", str(tmp_path / "out")]).exit_code == 0
    (page,) = (tmp_path / "out" / "runs").glob("*.html")
    (charts,) = (tmp_path / "out").rglob(f"{page.stem}-evidence*")
    assert charts.name.partition(".")[0] in page.read_text()
    assert "limit" in charts.read_text()
    assert "distance left of the first" in page.read_text()


def test_samples_after_the_onset_are_shown(results, trace):
    folder = genbench.load(results).folders[0]
    finding = next(v for v in diagnose(trace) if v.detector == "convergence_failure")
    looks = before_and_after(folder, folder.read_record(), finding)
    assert [look.title for look in looks] == [f"after, step {STEPS}"]
    figure = evidence_picture(trace, finding, looks)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["", f"after, step {STEPS}"]


def test_only_findings_are_drawn(trace):
    clear = next(v for v in diagnose(trace) if v.verdict == "clear")
    with pytest.raises(InputError, match="only findings are drawn"):
        evidence_picture(trace, clear)


def test_signals_are_those_of_the_documentation(trace):
    assert set(trace.frame["signal"]) >= {
        "run/finite", "generator/depth_ratio", "generator/update_ratio", "generator/score_gradient",
        "generator/dead_units", "critic/auc", "sample/energy_distance", "sample/missing_mass", "sample/near",
        "sample/starved_mass", "sample/in_reach", "sample/copy_distance", "data/components",
        "sample/copying", "sample/centroid_1",
    }  # fmt: skip
    assert "sample/checkerboard" not in set(trace.frame["signal"])


def test_samples_are_looked_at_every_forty_steps_at_most(trace):
    looked = trace.frame[(trace.frame.signal == "sample/near") & (trace.frame.seed == 0)]["step"]
    *regular, last = sorted(looked)
    assert pd.Series(regular).diff().dropna().min() >= 40
    assert last == STEPS


def test_hopeless_seeds_are_stopped(tmp_path):
    (record,) = run_all([config(stop_on=("convergence_failure",))], Placement(torch.device("cpu")), tmp_path)
    assert record.status == "failed"
    assert set(record.failures) == {0, 1}
    assert all("since convergence_failure was detected" in why for why in record.failures.values())
    assert STEPS / 2 <= record.steps_done < STEPS


def test_what_does_not_happen_stops_nothing(tmp_path):
    (record,) = run_all([config(stop_on=("posterior_collapse",))], Placement(torch.device("cpu")), tmp_path)
    assert (record.status, record.steps_done, dict(record.failures)) == ("done", STEPS, {})


def test_without_stop_on_a_run_keeps_its_name():
    assert config().key == config(stop_on=None).key != config(stop_on=("oscillation",)).key


def test_mistakes_are_one_sentence(tmp_path):
    runner = CliRunner()
    for arguments, said in (
        ([str(tmp_path / "nothing")], "is not there"),
        ([str(tmp_path), "--map", "loss"], "expected COLUMN=SIGNAL"),
    ):
        outcome = runner.invoke(app, ["diagnose", *arguments])
        assert isinstance(outcome.exception, InputError)
        assert said in str(outcome.exception)
