"""One model over two processes gives what one process gives at the same batch."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import genbench as package
from genbench.cli.cluster import led
from genbench.engine.devices import choose_device
from genbench.engine.ensemble import Ensemble
from genbench.engine.parallel import Group, Split, _packed, refuses, unpack
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.models.model import Batch
from genbench.models.vae import Vae
from genbench.registry import models, tasks
from genbench.suite import expand, load_suite
from genbench.types import InputError

CPU = Placement(choose_device("cpu"))
SUITE = """
description = "Small, for the tests"
seeds = 2
batch = 32
evaluations = 2
steps = 12
metrics = ["sliced_wasserstein@500"]

[[compare]]
tasks = ["digits"]
models = ["vae", "wgan-gp", "dcgan"]
options.vae = { width = 32 }
options.wgan-gp = { width = 32 }
options.dcgan = { width = 8, latent = 8 }
"""


@pytest.fixture(scope="module")
def digits():
    return tasks["digits"].create()


def ensemble(task, model: str, batch: int = 32, **options) -> Ensemble:
    return Ensemble(models[model].create(**options), task, (0, 1), steps=8, batch=batch, backend="loop")


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("gan", {"width": 16}),
        ("wgan-gp", {"width": 16}),
        ("vae", {"width": 16}),
        ("rbm", {"hidden": 8, "persistent": False}),
        ("dbn", {"hidden": [8, 8], "persistent": False}),
        ("dcgan", {"width": 8, "latent": 4, "generator_norm": False, "critic_norm": False}),
    ],
)
def test_losses_that_are_means_over_examples_can_be_split(digits, model, options):
    assert refuses(ensemble(digits, model, **options), 2) is None
    assert refuses(ensemble(digits, model, **options), 4) is None


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        ("dcgan", {"width": 8, "latent": 4}, "the loss of its critic ties a batch's examples together"),
        (
            "gan",
            {"width": 16, "minibatch_kernels": 4},
            "the loss of its critic ties a batch's examples together",
        ),
        ("rbm", {"hidden": 8, "persistent": True}, "what it keeps beside its parameters"),
    ],
)
def test_others_are_refused_with_the_reason(digits, model, options, reason):
    assert reason in refuses(ensemble(digits, model, **options), 2)


def test_a_batch_that_does_not_divide_is_refused(digits):
    assert "a batch of 32 cannot be split over 3 processes" in refuses(ensemble(digits, "vae"), 3)


def test_each_process_has_its_own_examples_and_noise(digits):
    x, c = torch.arange(64.0).view(2, 32), torch.randn(2, 32, 3)
    noise = {"z": torch.randn(2, 32, 4), "u": torch.rand(2, 32)}
    parts = [Split(rank, 4).share(Batch(x, c, noise)) for rank in range(4)]
    assert torch.cat([part.x for part in parts], dim=1).equal(x)
    assert torch.cat([part.c for part in parts], dim=1).equal(c)
    for name, whole in noise.items():
        assert torch.cat([part.noise[name] for part in parts], dim=1).equal(whole)


class DroppingVae(Vae):
    """A model with dropout in its encoder."""

    def nets(self, task):
        nets = super().nets(task)
        nets["vae"].encoder.append(nn.Dropout())
        return nets


def test_modules_that_draw_of_their_own_are_refused(digits):
    made = Ensemble(DroppingVae(width=16), digits, (0,), 8, 32, "loop")
    assert "draw random numbers of their own" in refuses(made, 2)


def test_the_others_get_the_state_once_and_whenever_it_is_another(digits, monkeypatch):
    told = []
    monkeypatch.setattr(Group, "_tell", lambda self, order: told.append(order))
    group, made = Group(0, 2, torch.device("cpu")), ensemble(digits, "vae", width=16)
    state = made.initial()
    for step, stop in ((0, 4), (4, 8), (6, 8)):
        state.step = step
        group.lead("run", state, stop)
    group.lead("another run", state, 8)
    assert [order.state is None for order in told] == [False, True, False, False]
    assert [order.stop for order in told] == [4, 8, 8, 8]
    restored = unpack(_packed(state), torch.device("cpu"))
    assert all(restored["players"][name].equal(flat) for name, flat in state.players.items())
    assert restored.keys() == vars(state).keys()


def test_torchrun_splits_runs_and_writes_once(tmp_path):
    """Also goes on with a run that one process began."""
    suite = tmp_path / "small.toml"
    suite.write_text(SUITE)
    configs = expand(load_suite(str(suite)))
    near, far = tmp_path / "near", tmp_path / "far"
    expected = run_all(configs, CPU, near)
    asked = iter([False, False, True])
    (cut,) = run_all(configs[:1], CPU, far, stopping=lambda: next(asked, True))
    assert cut.status == "interrupted"

    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command = [*launch, "-m", "genbench", "run", str(suite), "--out", str(far), "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("vae: done, 12 steps") == 1
    assert run.stdout.count("samples of all methods") == 1

    results = package.load(far)
    status = dict(zip(results.records["model"], results.records["status"], strict=True))
    assert status == {"vae": "done", "wgan-gp": "done", "dcgan": "skipped"}
    assert "as batch norm does" in results.records.set_index("model").loc["dcgan", "reason"]
    records = [folder.read_record() for folder in results.folders]
    assert [record.environment["processes"] for record in records if record.status == "done"] == [2, 2]
    assert [record.status for record in expected] == ["done"] * 3
    for file in far.rglob("state.safetensors"):
        one, two = load_file(near / file.relative_to(far)), load_file(file)
        for name in (name for name in one if name.startswith("players/")):
            torch.testing.assert_close(two[name], one[name], rtol=1e-3, atol=1e-5)


def test_other_ways_to_run_side_by_side_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="leave --jobs and --executor out"), led(CPU, elsewhere=True):
        pass
    monkeypatch.setenv("WORLD_SIZE", "1")
    with led(CPU, elsewhere=True) as placement:
        assert placement == replace(CPU)
