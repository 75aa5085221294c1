import subprocess
import sys

import pytest
import torch

from genbench.engine import cost
from genbench.engine.cost import known_flops, step_flops
from genbench.engine.ensemble import Ensemble
from genbench.kernels.products import keeps_single_precision
from genbench.registry import models, tasks

CPU = torch.device("cpu")


def test_the_flops_of_a_boltzmann_machine_are_those_of_its_products() -> None:
    # On binary data contrastive divergence makes products of batch × visible × hidden: three in the chain
    # (up, down, up) or two where the last is not needed, and some for the energies and their gradients.
    keeps_single_precision.cache_clear()  # what the first products of a process try out does not count
    task = tasks["digits"].create()
    product = 2 * 32 * task.dim * 16
    ((start, flops),) = step_flops(Ensemble(models["rbm"].create(hidden=16), task, (0, 1), 10, 32))
    assert start == 0
    assert flops % product == 0
    assert 4 <= flops // product <= 16


def test_each_phase_is_counted_and_seeds_do_not_add_up() -> None:
    task = tasks["ring8"].create(samples=200)
    model = models["dbn"].create(hidden=[8, 16])
    few, many = (step_flops(Ensemble(model, task, seeds, 100, 16)) for seeds in ((0,), (0, 1, 2)))
    assert [start for start, _ in few] == [0, 50]
    assert few == many


def test_one_key_is_counted_once_and_the_newest_are_remembered(monkeypatch) -> None:
    counted: list[int] = []
    monkeypatch.setattr(cost, "step_flops", lambda steps: counted.append(steps) or [(0, steps)])
    monkeypatch.setattr(cost, "_known", {})
    monkeypatch.setattr(cost, "MOST_KNOWN", 2)
    assert [known_flops(key, key) for key in (1, 2, 1, 3, 2, 1)] == [[(0, n)] for n in (1, 2, 1, 3, 2, 1)]
    assert counted == [1, 2, 3, 1]


def test_a_doubled_batch_doubles_the_work() -> None:
    task = tasks["ring8"].create(samples=200)
    counts = [step_flops(Ensemble(models["wgan-gp"].create(), task, (0,), 10, b))[0][1] for b in (16, 32)]
    assert counts[1] == pytest.approx(2 * counts[0], rel=0.01)


RISE = """
import torch
from genbench.engine.cost import peak_bytes, reset_peak
torch.ones(100_000_000)
reset_peak(torch.device("cpu"))
before = peak_bytes(torch.device("cpu"))
torch.ones(50_000_000)
print(peak_bytes(torch.device("cpu")) - before)
"""


def test_the_peak_rises_with_a_large_tensor() -> None:
    """In a process of its own: what others freed, and the C library kept, would serve the tensor."""
    ran = subprocess.run([sys.executable, "-c", RISE], capture_output=True, text=True, check=True)
    assert int(ran.stdout) == pytest.approx(200e6, rel=0.2)
