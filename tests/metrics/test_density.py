"""Densities of samples and active units."""

import math
from dataclasses import replace

import pytest
import torch

from genbench.metrics import Subject, kernel_log_density, named
from genbench.models.vae import Vae
from genbench.tasks import binary_digits, digits, gaussian, ring8

RING = ring8(samples=5000)
ENTROPY = math.log(8) + math.log(2 * math.pi * math.e * 0.01**2)
"""Of the ring, whose modes do not overlap."""


def samples(task, drawn: torch.Tensor) -> Subject:
    return Subject(task, lambda n: drawn[:n])


def test_perfect_samples_reach_the_negative_entropy():
    metric = named("truth_log_density@2500")
    found = metric.estimate(samples(RING, RING.train))
    assert found.low < -ENTROPY < found.high
    assert found.kind == "estimate"
    assert metric.real(RING).value == pytest.approx(-ENTROPY, abs=0.05)


def test_a_collapsed_sampler_beats_real_data_under_the_truth_and_is_caught_by_kernels():
    collapsed = samples(RING, RING.truth.centers[:1].expand(3000, 2))
    truth, kernel = named("truth_log_density@2500"), named("parzen@2500")
    assert truth.estimate(collapsed).value > truth.real(RING).value
    assert kernel.estimate(collapsed).value < kernel.real(RING).value - 3


def test_truth_refuses_where_there_is_none():
    task = digits()
    assert "not known" in named("truth_log_density@10").refuses(samples(task, task.train))


def test_kernels_find_a_gaussian_density_and_its_bandwidth():
    task = gaussian(samples=4000)
    found = named("parzen@4000").estimate(samples(task, task.train))
    truth = float(task.truth.log_density(task.held_out.double()).mean())
    assert found.value == pytest.approx(truth, abs=0.06)
    assert found.value < truth + 0.02
    assert (found.kind, found.flags, found.n) == ("estimate", (), 9000)


def test_kernels_by_hand():
    one = kernel_log_density(torch.zeros(1, 1), torch.tensor([[1.0], [-1.0]]), torch.tensor([[2.0], [0.0]]))
    assert one.value == pytest.approx(
        -0.5 * math.log(2 * math.pi) - 1
    )  # the bandwidth is 1, the data's spread
    assert one.flags == ("the best bandwidth is at the end of its range",)


def test_kernels_in_many_dimensions_are_flagged():
    task = digits()
    found = named("parzen@500").estimate(samples(task, task.train))
    assert "64 dimensions" in found.flags[-1]


def test_active_units_are_those_whose_posterior_mean_moves():
    task = binary_digits()
    model = Vae(latent=5, width=8, depth=0)
    torch.manual_seed(0)
    nets = model.nets(task)
    (encoder,) = nets["vae"].encoder
    with torch.no_grad():
        encoder.weight.zero_()
        encoder.weight[:3, :] = 1.0
        encoder.weight[3, 30] = 0.1
    found = named("active_units@300").estimate(replace(samples(task, task.train), model=model, nets=nets))
    assert (found.value, found.n) == (3.0, 300)
