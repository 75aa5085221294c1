"""Results in an object store: an S3-compatible server on loopback, spoken to by the real client."""

import json
import logging
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from safetensors.torch import load, load_file

from genbench.engine.devices import choose_device
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.store import place
from genbench.store.place import read
from genbench.suite import RunConfig

CPU = Placement(choose_device("cpu"))
SUITE = """
description = "Small, for the tests"
seeds = 1
batch = 16
evaluations = 2
steps = 6

[[compare]]
tasks = ["ring8"]
task_options.ring8 = { samples = 600 }
models = ["vae", "gan"]
options.vae = { width = 8 }
options.gan = { width = 8 }
"""


@pytest.fixture(scope="module")
def bucket():
    with pytest.MonkeyPatch.context() as patch:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "something")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3").create_bucket(Bucket="runs")
        yield "s3://runs"
        server.stop()


@pytest.fixture
def suite(tmp_path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SUITE)
    return path


def test_every_command_reads_what_run_wrote(genbench, bucket, suite, tmp_path):
    root = f"{bucket}/first"
    code, out, err = genbench("run", suite, "--out", root, "--jobs", 1)
    assert code == 0, err
    assert f"samples of all methods: {root}/small/overview-ring8.png" in out
    assert read(place(f"{root}/small/overview-ring8.png")).startswith(b"\x89PNG")

    code, out, _ = genbench("leaderboard", root, "--format", "json")
    assert code == 0
    methods = {row["model"] for row in json.loads(out) if row["status"] != "reference"}
    assert methods == {"vae", "gan"}
    code, out, _ = genbench("show", f"{root}/small", "--json")
    assert code == 0
    assert {run["status"] for run in json.loads(out)} == {"done"}
    assert genbench("diagnose", root)[0] == 0
    assert genbench("compare", root, root)[0] == 0
    code, _, err = genbench("report", root, "--out", tmp_path / "report")
    assert code == 0, err
    assert list((tmp_path / "report" / "images").rglob("6.png"))

    code, _, err = genbench("run", suite, "--out", root, "--jobs", 1)
    assert code == 0
    assert err.count("kept from before") == 2


def test_a_cut_off_run_goes_on_from_the_bucket_with_the_same_bits(bucket, tmp_path):
    config = RunConfig("test", "ring8", {"samples": 600}, "vae", {"width": 8}, (0, 1), 40, 16, 2)
    undisturbed, there = tmp_path / "undisturbed", place(f"{bucket}/second")
    run_all([config], CPU, undisturbed)
    asked = iter([False, False, False, True])
    (cut,) = run_all([config], CPU, there, stopping=lambda: next(asked))
    assert cut.status == "interrupted"
    assert 0 < cut.steps_done < 40
    (done,) = run_all([config], CPU, there)
    assert (done.status, done.steps_done) == ("done", 40)
    (file,) = undisturbed.rglob("state.safetensors")
    expected = load_file(file)
    actual = load(read(there.joinpath(*file.relative_to(undisturbed).parts)))
    assert expected.keys() == actual.keys()
    assert all(expected[name].equal(actual[name]) for name in expected)


def test_what_cannot_be_written_to_is_one_sentence(genbench, bucket, suite):
    code, _, err = genbench("run", suite, "--out", f"{bucket}/x", "--track", "tensorboard")
    assert (code, err.count("\n")) == (2, 1)
    assert "--track tensorboard writes local files" in err
    code, _, err = genbench("run", suite, "--out", "s3://no-such-bucket/x", "--jobs", 1)
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = genbench("leaderboard", f"{bucket}/nothing")
    assert (code, err.count("\n")) == (2, 1)
