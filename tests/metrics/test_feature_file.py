"""Features of a user's own network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from genbench.metrics import (
    Subject,
    authpct,
    copying,
    energy_distance,
    kid,
    mifid,
    mmd,
    moments,
    named,
    prdc,
    vendi,
)
from genbench.metrics.feature_file import file_features
from genbench.metrics.inputs import held_out, reference
from genbench.tasks import Task, digits
from genbench.types import InputError


class Halves(nn.Module):
    """Mean of the upper and of the lower half of an image."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], 2, -1).mean(dim=2)


class Flat(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "halves.pt"
    torch.jit.trace(Halves(), torch.zeros(3, 1, 8, 8)).save(str(path))
    return path


def exported(tmp_path: Path) -> Path:
    path = tmp_path / "halves.pt2"
    batch = torch.export.Dim("batch")
    program = torch.export.export(Halves(), (torch.zeros(3, 1, 8, 8),), dynamic_shapes=({0: batch},))
    torch.export.save(program, path)
    return path


def test_both_formats_give_the_networks_features(script: Path, tmp_path: Path) -> None:
    x = digits().train[:300]
    for path in (script, exported(tmp_path)):
        torch.testing.assert_close(file_features(x, path), Halves()(x))


def test_the_name_takes_the_file_and_the_count(script: Path) -> None:
    task = digits()
    metric = named(f"frechet_file:{script}@1k")
    assert metric.name == f"frechet_file:{script}@1k"
    estimate = metric.estimate(Subject(task, lambda n: task.train[:n]))
    assert estimate.value < 0.01
    assert metric.refuses(Subject(task, lambda n: task.train[:n])) is None


@pytest.mark.parametrize("name", ["kid", "mmd", "energy", "coverage", "copying", "authpct", "vendi", "mifid"])
def test_every_distance_takes_the_features_of_the_file(script: Path, name: str) -> None:
    task = digits()
    metric = named(f"{name}_file:{script}@300")
    assert metric.name == f"{name}_file:{script}@300"
    noise = torch.rand(300, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    real, fake = (file_features(x, script) for x in (reference(task, 300), noise))
    value = metric.estimate(Subject(task, lambda n: noise[:n])).value
    everything = file_features(task.train, script)
    fresh = file_features(held_out(task, 300), script)
    expected = {
        "kid": lambda: kid(real, fake),
        "mmd": lambda: mmd(real, fake),
        "energy": lambda: energy_distance(real, fake),
        "coverage": lambda: prdc(real, fake).coverage,
        "copying": lambda: copying(everything, fresh, fake),
        "authpct": lambda: authpct(everything[reference_order(task)], fake),
        "vendi": lambda: vendi(fake),
        "mifid": lambda: mifid(moments(everything), everything, fake),
    }[name]()
    assert value == pytest.approx(expected.value, rel=1e-6, abs=1e-9)


def reference_order(task: Task) -> Tensor:
    return torch.randperm(len(task.train), generator=torch.Generator().manual_seed(0))


def test_cmmd_is_a_thousand_times_the_mmd_of_bandwidth_ten(script: Path) -> None:
    task = digits()
    noise = torch.rand(200, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    estimate = named(f"cmmd_file:{script}@200").estimate(Subject(task, lambda n: noise[:n]))
    real, fake = (file_features(x, script) for x in (reference(task, 200), noise))
    plain = mmd(real, fake, bandwidth=10)
    assert estimate.value == pytest.approx(1000 * plain.value)
    assert estimate.high == pytest.approx(1000 * (plain.high or 0))


def test_an_absent_file_is_not_available(tmp_path: Path) -> None:
    task = digits()
    metric = named(f"frechet_file:{tmp_path / 'none.pt'}@1k")
    assert "no file" in (metric.refuses(Subject(task, lambda n: task.train[:n])) or "")


def test_broken_files_and_wrong_outputs_are_explained(script: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"nothing")
    with pytest.raises(InputError, match="neither TorchScript"):
        file_features(torch.zeros(2, 1, 8, 8), broken)
    with pytest.raises(InputError, match="cannot read"):
        file_features(torch.zeros(2, 5), script)
    flat = tmp_path / "flat.pt"
    torch.jit.trace(Flat(), torch.zeros(3, 4)).save(str(flat))
    with pytest.raises(InputError, match="shape"):
        file_features(torch.zeros(2, 4), flat)
