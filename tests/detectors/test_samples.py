"""What a bank of samples says, on banks whose answer is known."""

import math

import pytest
import torch

from genbench.detectors.patterns import grid_peak
from genbench.detectors.samples import BANK, FEWEST, Reference, statistics
from genbench.testing.symptoms import grid

MODES = torch.stack([(a := torch.arange(8) * math.pi / 4).cos(), a.sin()], 1)


def ring(n: int, seed: int, modes: int = 8) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    chosen = torch.randint(modes, (n,), generator=source)
    return MODES[chosen] + 0.02 * torch.randn(n, 2, generator=source)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.of(ring(1000, 0), ring(4000, 1))


def of(reference: Reference, samples: torch.Tensor) -> dict[str, float]:
    return {name: float(value[0]) for name, value in statistics(reference, samples[None]).items()}


@pytest.mark.parametrize("n", [FEWEST, BANK])
def test_lost_modes_are_starved_mass(reference: Reference, n: int):
    assert of(reference, ring(n, 2))["sample/starved_mass"] == 0
    assert of(reference, ring(n, 2, modes=6))["sample/starved_mass"] == pytest.approx(0.25, abs=0.03)


def test_starved_modes_need_not_be_empty(reference: Reference):
    """A sixth of its due is starvation, though five hundred samples are not 99 % sure of it."""
    most = ring(479, 3, modes=7)
    few = MODES[7] + 0.02 * torch.randn(21, 2, generator=torch.Generator().manual_seed(4))
    found = of(reference, torch.cat([most, few[:10], most[:11]]))
    assert found["sample/starved_mass"] == pytest.approx(0.125, abs=0.02)
    assert found["sample/missing_mass"] == 0


def test_few_samples_say_nothing_of_bins(reference: Reference):
    assert "sample/starved_mass" not in of(reference, ring(FEWEST - 1, 2))


def test_copies_are_nearer_to_training_data(reference: Reference):
    train = ring(1000, 0)[:250]
    copies = train.repeat(2, 1) + 1e-3 * torch.randn(500, 2, generator=torch.Generator().manual_seed(5))
    assert of(reference, copies)["sample/copy_distance"] < 0.4
    assert 0.8 < of(reference, ring(500, 6))["sample/copy_distance"] < 1.25


def test_a_blur_is_where_data_are_and_noise_is_not():
    source = torch.Generator().manual_seed(7)
    kinds = torch.rand(10, 1, 8, 8, generator=source)
    chosen = torch.randint(10, (3000,), generator=source)
    data = (kinds[chosen] + 0.2 * torch.randn(3000, 1, 8, 8, generator=source)).clamp(0, 1)
    reference = Reference.of(data[:1000], data[1000:])
    one = data[0].expand(500, 1, 8, 8)
    assert of(reference, one)["sample/in_reach"] == 1
    assert of(reference, one)["sample/starved_mass"] > 0.8
    assert of(reference, torch.zeros(500, 1, 8, 8))["sample/in_reach"] == 0


def test_a_peak_at_period_two_is_told_from_noise():
    source = torch.Generator().manual_seed(8)
    noise = torch.rand(2, 100, 1, 14, 14, generator=source)
    stripes = noise.clone()
    stripes[1, ..., ::2] += 0.5
    level, peak = grid_peak(stripes)
    assert float(level) == pytest.approx(1, abs=0.1)
    assert float(peak) > 3
    assert grid_peak(noise).tolist() == pytest.approx([grid(x)["peak"] for x in noise], rel=1e-3)


def test_what_is_faint_is_no_pattern():
    smooth = torch.linspace(0, 1, 14).expand(1, 100, 1, 14, 14)
    assert float(grid_peak(torch.sin(math.pi * smooth))) == 1
