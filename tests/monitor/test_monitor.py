"""The monitor in loops that it never saw: finds what is wrong, changes nothing, takes its hooks off."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks
from torch.utils.data import DataLoader, TensorDataset

import genbench
from genbench.monitor import Monitor
from genbench.monitor.monitor import EXAMPLES, MOST_NUMBERS, _kept
from genbench.types import InputError

ROOT = Path(__file__).parents[2]


def ring(n: int = 4000) -> Tensor:
    angles = 2 * torch.pi * torch.randint(8, (n,)) / 8
    return torch.stack([angles.cos(), angles.sin()], 1) + 0.02 * torch.randn(n, 2)


def nets(width: int = 32) -> tuple[nn.Module, nn.Module]:
    generator = nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 2))
    critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(32, 1))
    return generator, critic


def train(steps: int, monitor: Monitor | None, players: tuple[nn.Module, nn.Module], data: Tensor) -> None:
    generator, critic = players
    adam_g, adam_d = (torch.optim.Adam(net.parameters(), 1e-3, betas=(0.5, 0.999)) for net in players)
    for _ in range(steps):
        fake, real = generator(torch.randn(64, 2)), data[torch.randint(len(data), (64,))]
        loss_d = (
            nn.functional.softplus(-critic(real)) + nn.functional.softplus(critic(fake.detach()))
        ).mean()
        adam_d.zero_grad()
        loss_d.backward()
        adam_d.step()
        loss_g = nn.functional.softplus(-critic(fake)).mean()
        adam_g.zero_grad()
        loss_g.backward()
        adam_g.step()
        if monitor is not None:
            monitor.after_step(G=loss_g, D=loss_d)


def example(name: str, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, ROOT / "examples" / name, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_looking_changes_nothing():
    data = ring()
    ends = []
    for watched in (False, True):
        torch.manual_seed(1)
        players = nets()
        start = torch.random.get_rng_state()
        monitor = Monitor({"G": players[0], "D": players[1]}, data, every=5) if watched else None
        assert torch.equal(torch.random.get_rng_state(), start)
        train(60, monitor, players, data)
        ends.append([t.clone() for net in players for t in net.state_dict().values()])
        if monitor is not None:
            monitor.close()
            assert len(monitor.trace().frame)
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))


def test_signals_are_what_they_say():
    weight = nn.Linear(3, 2, bias=False)
    monitor = Monitor({"net": weight}, ring(), every=1)
    before = weight.weight.detach().clone()
    descent = torch.optim.SGD(weight.parameters(), 0.5)
    weight(torch.ones(1, 3)).sum().backward()
    descent.step()
    monitor.after_step(net=1.5)
    monitor.close()
    seen = monitor.trace().frame.set_index("signal")["value"]
    assert seen["net/loss"] == 1.5
    assert seen["net/grad_norm"] == pytest.approx(6**0.5)
    assert seen["net/update_norm"] == pytest.approx((weight.weight - before).norm().item())
    assert seen["net/update_ratio"] == pytest.approx(1.0)
    assert seen["net/depth_ratio"] == pytest.approx(1.0)


def test_names_of_players_become_roles():
    data, players = ring(), nets()
    monitor = Monitor({"netG": players[0], "netD": players[1]}, data, every=5, generator_loss=torch.mean)
    train(30, monitor, players, data)
    monitor.close()
    assert set(monitor.trace().frame["signal"]) >= {
        "generator/grad_norm", "critic/grad_norm", "generator/loss", "generator/dead_units",
        "generator/score_gradient", "critic/auc", "sample/missing_mass", "run/finite",
    }  # fmt: skip


def test_a_loss_that_breaks_between_looks_is_seen():
    monitor = Monitor({"net": nn.Linear(2, 2)}, ring(), every=10)
    for step in range(40):
        monitor.after_step(net=float("nan") if step == 23 else 1.0)
    monitor.close()
    (found,) = [v for v in monitor.verdicts() if v.verdict == "detected"]
    assert (found.detector, found.onset) == ("exploding_gradient", (20, 30))
    assert "exploding_gradient (not finite) since step 30" in monitor.report()


def test_long_runs_keep_a_bounded_trace():
    monitor = Monitor({"net": nn.Linear(2, 2)}, ring(), every=1)
    for _ in range(1000):
        monitor.after_step(net=1.0)
    monitor.close()
    steps = monitor.trace().frame["step"].unique()
    assert 100 <= len(steps) <= 200
    assert pd.Series(steps).diff().dropna().nunique() <= 2


def test_samples_may_come_from_a_function():
    data = ring()
    monitor = Monitor({"net": nn.Linear(2, 2)}, data, sample=lambda n: data[:n] * 0, every=1)
    for _ in range(30):
        monitor.after_step()
    monitor.close()
    assert {v.detector for v in monitor.verdicts() if v.verdict == "detected"} == {"convergence_failure"}


def test_data_may_be_a_loader():
    loader = DataLoader(TensorDataset(ring(), torch.zeros(4000)), batch_size=100, shuffle=True)
    net, before = nn.Linear(2, 2), torch.random.get_rng_state()
    Monitor({"net": net}, loader).close()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("players", "n", "said"),
    [({}, 1000, "players is empty"), ({"G": nn.Linear(2, 2)}, 10, "hold 10 examples")],
)
def test_what_cannot_be_watched(players, n, said):
    with pytest.raises(InputError, match=said):
        Monitor(players, ring(n))


def test_hooks_are_taken_off():
    generator, critic = nets()
    Monitor({"G": generator, "D": critic}, ring()).close()
    assert not _global_optimizer_pre_hooks
    assert not _global_optimizer_post_hooks
    assert not generator._forward_pre_hooks


def test_nothing_to_report():
    monitor = genbench.Monitor(players={"net": nn.Linear(2, 2)}, data=ring())
    monitor.close()
    assert monitor.report().startswith("nothing found in 0 steps")


def test_the_example_finds_its_collapse():
    assert "mode_collapse" in example("collapse.py")


def test_the_dcgan_loop_is_diagnosed():
    said = example("dcgan_loop.py", "--steps", "120", "--critic-rate", "0.02", "--rate", "1e-5")
    assert "convergence_failure" in said


def test_large_examples_go_through_in_parts_and_are_the_same(monkeypatch):
    data, frames = ring(), []
    players = [nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, out)) for out in (2, 1)]
    for numbers in (2**20, 40):
        monkeypatch.setattr("genbench.monitor.monitor.PASS_NUMBERS", numbers)
        torch.manual_seed(1)
        monitor = Monitor({"G": players[0], "D": players[1]}, data, every=10)
        with torch.no_grad():
            for _ in range(10):
                players[0](torch.randn(64, 2))
                monitor.after_step()
        monitor.close()
        frames.append(monitor.trace().frame)
    whole, parts = frames
    assert {"generator/dead_units", "critic/auc"} <= set(whole["signal"])
    pd.testing.assert_frame_equal(whole, parts, rtol=1e-4)


def test_of_large_images_fewer_are_kept():
    assert _kept(torch.empty(5000, 2)) == EXAMPLES
    photographs = _kept(torch.empty(4, 3, 224, 224, device="meta"))
    assert 500 < photographs <= MOST_NUMBERS / (3 * 224**2)
    assert _kept(torch.empty(4, 3, 2048, 2048, device="meta")) == 500
