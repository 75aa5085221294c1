"""One real run of the real command line on digits: train, score, rank, draw; stop and go on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file

import genbench

SUITE = """
description = "Small, for the tests"
seeds = 2
batch = 32
evaluations = 3
steps = 40

[[compare]]
tasks = ["digits"]
models = ["vae", "dcgan", "rbm"]
options.vae = { width = 32 }
options.dcgan = { width = 8, latent = 8 }
options.rbm = { hidden = 16, sampling_sweeps = 5 }
"""
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "genbench", *map(str, arguments)]


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), env=ENVIRONMENT, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "small.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def done(suite, tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("results")
    return out, call("run", suite, "--out", out)


def test_it_says_what_it_did(done):
    _, run = done
    assert run.returncode == 0, run.stderr
    assert "digits · vae: done, 40 steps × 2 seeds" in run.stderr
    for word in ("vae", "dcgan", "rbm", "frechet_lenet@1k", "overview-digits.png"):
        assert word in run.stdout


def test_run_folders_are_complete(done):
    folders = sorted((done[0] / "small" / "digits").iterdir())
    assert len(folders) == 3
    for folder in folders:
        names = {path.name for path in folder.iterdir()}
        assert names >= {"record.json", "trace.parquet", "scores.parquet", "state.safetensors", "samples"}
        record = json.loads((folder / "record.json").read_text())
        assert record["status"] == "done"
        assert record["steps_done"] == 40
        assert record["data"]["checksum"]
        assert record["environment"]["versions"]["torch"]
        assert record["config"]["options"]
        pictures = sorted((folder / "samples").glob("step-*.png"))
        assert pictures[-1].name == "step-0000040.png"
        assert len(pictures) == 3


def test_pictures_show_something(done):
    for path in [*done[0].rglob("step-*.png"), done[0] / "small" / "overview-digits.png"]:
        with Image.open(path) as picture:
            low, high = picture.convert("L").getextrema()
            assert picture.width > 200
            assert high - low > 100


def test_leaderboard_rows(done):
    rows = json.loads(call("leaderboard", done[0], "--format", "json").stdout)
    assert {"task", "model", "metric", "value", "ci_low", "ci_high", "seeds", "failed"} <= set(rows[0])
    scored = [row for row in rows if row["metric"] == "frechet_lenet@1k"]
    references = {row["model"] for row in scored if row["status"] == "reference"}
    assert references == {"real data", "trivial sampler"}
    scored = [row for row in scored if row["model"] not in references]
    assert {row["model"] for row in scored} == {"vae", "dcgan", "rbm"}
    for row in scored:
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert (row["seeds"], row["failed"]) == (2, 0)


@pytest.mark.parametrize("form", ["table", "csv", "md"])
def test_other_formats(done, form):
    board = call("leaderboard", done[0], "--format", form, "--task", "digits")
    assert board.returncode == 0
    assert "dcgan" in board.stdout


def test_show(done):
    shown = json.loads(call("show", done[0], "--json").stdout)
    assert {run["model"] for run in shown} == {"vae", "dcgan", "rbm"}
    assert "vae on digits: done" in call("show", done[0]).stdout


def test_frames_from_python(done):
    results = genbench.load(done[0])
    assert set(results.records["model"]) == {"vae", "dcgan", "rbm"}
    assert results.scores.groupby("model")["step"].nunique().eq(3).all()
    assert results.traces["step"].max() == 40


def test_a_finished_run_is_not_done_again(done, suite):
    before = {path: path.stat().st_mtime_ns for path in done[0].rglob("record.json")}
    again = call("run", suite, "--out", done[0])
    assert again.returncode == 0
    assert again.stderr.count("kept from before") == 3
    assert before == {path: path.stat().st_mtime_ns for path in done[0].rglob("record.json")}


def test_interrupted_and_continued_is_bitwise_the_same(suite, tmp_path):
    chosen = [suite, "--models", "vae", "--steps", 1200, "--seeds", 2]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert call("run", *chosen, "--out", whole).returncode == 0
    process = subprocess.Popen(
        command("run", *chosen, "--out", cut), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for _ in range(2400):  # until it has looked at its samples once: it is training
        if list(cut.rglob("step-*.png")) or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err.decode()
    (record,) = cut.rglob("record.json")
    assert json.loads(record.read_text())["status"] == "interrupted"
    assert 0 < json.loads(record.read_text())["steps_done"] < 1200
    assert call("run", *chosen, "--out", cut).returncode == 0
    (first,), (second,) = whole.rglob("state.safetensors"), cut.rglob("state.safetensors")
    expected, actual = load_file(first), load_file(second)
    assert expected.keys() == actual.keys()
    assert all(expected[name].equal(actual[name]) for name in expected)
    assert genbench.load(whole).scores["value"].equals(genbench.load(cut).scores["value"])
