"""AuthPct and the memorisation-informed distance where the answer is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genbench.metrics import authpct, frechet_to, mifid, moments, vendi
from genbench.metrics.memorisation import memorisation_distance
from genbench.types import InputError


def normal(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_copies_are_not_authentic_and_noise_far_away_is() -> None:
    train = normal(300, 5, 0)
    assert authpct(train, train[:100]).value == 0
    assert authpct(train, train[:100] + 1e-4).value == 0
    assert authpct(train, train[:100] + 50).value == 100


def test_authpct_counts_by_the_definition() -> None:
    train, fake = normal(200, 4, 1), normal(150, 4, 2)
    away, nearest = torch.cdist(fake, train).min(dim=1)
    spacing = (torch.cdist(train, train) + torch.eye(200) * 1e9).min(dim=1).values
    share = (away > spacing[nearest]).double().mean()
    estimate = authpct(train, fake)
    assert estimate.value == pytest.approx(100 * float(share))
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 < estimate.low < estimate.value < estimate.high < 100


def test_the_cosine_distance_to_the_training_set() -> None:
    train = torch.eye(3)
    fake = torch.tensor([[2.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert memorisation_distance(train, fake) == pytest.approx((0 + 0 + (1 - 0.5**0.5) + 1) / 4)


def test_mifid_divides_by_small_distances_alone() -> None:
    train, fake = normal(400, 6, 3), normal(400, 6, 4)
    plain, s = frechet_to(moments(train), fake), memorisation_distance(train, fake)
    assert mifid(moments(train), train, fake, threshold=s * 0.9).value == plain.value
    informed = mifid(moments(train), train, fake, threshold=s * 1.1)
    assert informed.value == pytest.approx(plain.value / s)
    assert informed.high == pytest.approx((plain.high or 0) / s)
    copies = mifid(moments(train), train, train[:200])
    assert copies.value > 1e6 * plain.value
    with pytest.raises(InputError, match="negative"):
        mifid(moments(train), train, fake, threshold=-1)


def test_vendi_of_orthogonal_and_of_equal_rows() -> None:
    assert vendi(torch.eye(7)).value == pytest.approx(7)
    assert vendi(torch.eye(3).repeat(50, 1) * 4).value == pytest.approx(3)
    assert vendi(torch.ones(20, 5)).value == pytest.approx(1)
    assert vendi(torch.zeros(20, 5)).value == 1


@pytest.mark.parametrize("shape", [(40, 8), (8, 40)])
def test_vendi_is_the_entropy_of_the_kernels_eigenvalues(shape: tuple[int, int]) -> None:
    x = normal(*shape, 5).double()
    unit = x / x.norm(dim=1, keepdim=True)
    values = torch.linalg.eigvalsh(unit @ unit.T / len(x)).clamp(min=1e-300)
    assert vendi(x).value == pytest.approx(float(torch.exp(-(values * values.log()).sum())))


def test_the_interval_of_vendi_covers() -> None:
    wide = torch.tensor([3.0, 1.0, 0.5, 0.2])
    truth = vendi(normal(200_000, 4, 6) * wide).value
    hits = [vendi(normal(2000, 4, 10 + seed) * wide) for seed in range(100)]
    inside = sum((e.low or 0) <= truth <= (e.high or 0) for e in hits)
    assert 88 <= inside <= 100
