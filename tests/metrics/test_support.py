"""Bins that differ and samples that repeat, on distributions where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genbench.metrics import Subject, bin_centers, collision_support, different_bins, named
from genbench.metrics.support import bin_counts
from genbench.tasks import digits, ring8
from genbench.types import InputError


def normal(n: int, seed: int) -> torch.Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def test_samples_of_one_law_differ_in_about_five_of_a_hundred_bins() -> None:
    counts = []
    for seed in range(10):
        real = normal(4000, seed)
        # The bins must not come from the set that is counted: k-means evens out its own counts.
        counts.append(
            different_bins(bin_centers(normal(4000, 50 + seed)), real, normal(4000, 100 + seed)).value
        )
    assert np.mean(counts) == pytest.approx(5, abs=2.5)


def test_a_lost_half_is_seen() -> None:
    real = normal(4000, 0)
    fake = normal(4000, 1)
    fake[:, 0].abs_()
    assert different_bins(bin_centers(real), real, fake).value > 80


def test_bins_that_are_empty_on_both_sides_do_not_differ() -> None:
    centers = torch.tensor([[0.0], [1.0], [50.0]])
    x = torch.tensor([[0.0], [1.0]] * 50)
    assert different_bins(centers, x, x).value == 0


def test_rows_go_to_the_nearest_centre() -> None:
    centers = torch.arange(2000.0)[:, None]
    x = torch.tensor([[0.2], [1999.0], [1500.4], [1500.4]])
    counts = bin_counts(centers, x)
    assert (counts[0], counts[1999], counts[1500], counts.sum()) == (1, 1, 2, 4)


def test_the_effective_support_is_estimated() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(500, (1000, 1), generator=generator).float()
    estimate = collision_support(x, 0.1)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < 500 < estimate.high
    assert estimate.value == pytest.approx(500, rel=0.15)


def test_without_collisions_the_support_is_a_flagged_bound() -> None:
    estimate = collision_support(torch.arange(10.0)[:, None], 0.5)
    assert estimate.value == 45
    assert estimate.high is None
    assert estimate.flags


def test_a_collapsed_sampler_has_a_support_of_one() -> None:
    task = digits()
    estimate = named("birthday@200").estimate(Subject(task, lambda n: task.train[:1].expand(n, -1, -1, -1)))
    assert estimate.value == 1
    assert named("birthday@200").estimate(Subject(task, lambda n: task.train[:n])).value > 10_000


def test_what_cannot_be_binned_or_repeat_is_refused() -> None:
    points = ring8(samples=50)
    subject = Subject(points, lambda n: points.train[:n])
    assert "100 bins" in (named("ndb@1k").refuses(subject) or "")
    assert "never repeat" in (named("birthday").refuses(subject) or "")
    with pytest.raises(InputError, match="negative"):
        collision_support(points.train, -1.0)
