"""A run is repeated from its record, and what differs is found."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from genbench.engine.placement import Placement
from genbench.executors.attempt import folder_of
from genbench.executors.local import run_all
from genbench.executors.verify import verify
from genbench.registry import models
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.types import InputError

CONFIG = RunConfig(
    "test", "ring8", {"samples": 300}, "vae", {"width": 8, "latent": 2}, (0, 3), 12, 16, 2, ("modes@500",)
)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run_all([CONFIG], Placement(torch.device("cpu")), tmp_path)
    return RunFolder.under(tmp_path, "test", "ring8", "vae", CONFIG.key)


def change_trace(run: RunFolder, step: int, factor: float) -> None:
    frame = run.read_trace()
    row = frame.index[(frame["step"] == step) & (frame["signal"] == "vae/grad_norm") & (frame["seed"] == 3)][
        0
    ]
    frame.loc[row, "value"] *= factor
    run.write_trace(frame)


def test_the_same_bits(run):
    found = verify(run)
    assert (found.sameness, found.first, found.largest, found.changes) == ("bitwise equal", None, 0.0, ())


@pytest.mark.parametrize(
    ("factor", "sameness"), [(1 + 1e-5, "equal within tolerance"), (1.5, "different"), (np.nan, "different")]
)
def test_the_first_step_that_differs_is_named(run, factor, sameness):
    change_trace(run, 7, factor)
    change_trace(run, 9, factor)
    found = verify(run)
    assert found.sameness == sameness
    assert found.first.startswith("signal vae/grad_norm of seed 3 at step 7: ")


def test_other_parameters_and_versions_are_named(run):
    tensors = load_file(run.state_path)
    tensors["players/vae"][1, 5] += 1
    with run.state_path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        head = json.loads(file.read(size))["__metadata__"]
    del head["checksum"]
    save_file(tensors, run.state_path, head)
    run.write_lock(["torch==0.1", "genbench-friend==3"])
    found = verify(run)
    assert (found.sameness, found.first) == ("different", "parameters of vae")
    assert any(change.startswith("torch==0.1 then, torch==") for change in found.changes)
    assert "genbench-friend==3 then, absent now" in found.changes


def test_what_cannot_be_repeated_is_said(run):
    record = json.loads((run.path / "record.json").read_text())
    for change, told in {
        "steps": "vae-.*: the configuration.s key is .* its content.s .* was changed after the run",
        "seeds": "no configuration of a training run: seeds",
    }.items():
        broken = {**record, "config": {**record["config"], change: "many" if change == "seeds" else 13}}
        (run.path / "record.json").write_text(json.dumps(broken))
        with pytest.raises(InputError, match=told):
            verify(run)
    (run.path / "record.json").write_text(json.dumps({**record, "status": "interrupted"}))
    with pytest.raises(InputError, match="finish the run first"):
        verify(run)


def test_from_the_command_line(run, genbench):
    code, out, _ = genbench("verify", run.path)
    assert (code, "bitwise equal" in out) == (0, True)
    change_trace(run, 7, 2.0)
    code, out, _ = genbench("verify", run.path, "--json")
    assert (code, json.loads(out)["sameness"]) == (1, "different")


def test_every_record_has_its_lock_file(run, tmp_path):
    other = dataclasses.replace(CONFIG, model="dcgan", options={})
    broken = dataclasses.replace(CONFIG, task_options={"samples": 0})
    records = run_all([other, broken], Placement(torch.device("cpu")), tmp_path)
    assert [record.status for record in records] == ["skipped", "failed"]
    lines = run.read_lock()
    assert all(folder_of(config, tmp_path).read_lock() == lines for config in (other, broken))
    assert any(line.startswith("torch==") for line in lines)
    assert lines == sorted(lines, key=str.lower)
    assert len(lines) > 20


def test_a_run_of_an_earlier_revision_says_so(run, monkeypatch):
    entry = models["vae"]
    newer = {**models._entries, "vae": dataclasses.replace(entry, revision=2)}
    monkeypatch.setattr(models, "_entries", newer)
    (said,) = verify(run).changes
    assert (
        said == "vae was revision 1 then and is 2 now, which computes something else under the same options"
    )
