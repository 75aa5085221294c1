"""Latent path length of maps whose derivative is known."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from genbench.metrics import Subject, named, path_length
from genbench.metrics.path_length import spherical
from genbench.models.capabilities import Latent
from genbench.models.model import Draw, Model, Noise, Sampler
from genbench.tasks import Task, ring8
from genbench.types import InputError


class Scaled(Model, Latent):
    """Twice the noise; a line for uniform noise, a great circle for normal."""

    def __init__(self, distribution: Any) -> None:
        self.distribution = distribution

    def nets(self, task: Task) -> Any:
        return {}

    def phases(self, task: Task) -> Any:
        return []

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw({"z": Noise(self.distribution, (2,))}, lambda nets, noise, c: 2 * noise["z"]))


def subject(model: object) -> Subject:
    task = ring8(samples=10)
    return Subject(task, lambda n: task.train[:n], model=model, nets={})


def test_a_line_is_as_long_as_the_distance_of_its_ends() -> None:
    """E |2 (u − v)|² = 4 · 2 · 1/6 for uniform u, v in the square."""
    estimate = path_length(subject(Scaled("uniform")), 4000)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < 4 / 3 < estimate.high


def test_the_great_circle_keeps_the_length_and_meets_its_ends() -> None:
    a, b = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]])
    middle = spherical(a, b, torch.tensor([[0.5]]))
    torch.testing.assert_close(middle, torch.full((1, 2), 3 / math.sqrt(2)))
    torch.testing.assert_close(spherical(a, b, torch.tensor([[1.0]])), b)
    torch.testing.assert_close(spherical(a, a, torch.tensor([[0.3]])), a)


def test_n_need_not_fill_the_last_batch() -> None:
    assert named("path_length@700").estimate(subject(Scaled("normal"))).n == 700


def test_other_models_are_refused() -> None:
    assert "one pass" in (named("path_length").refuses(subject(None)) or "")
    with pytest.raises(InputError, match="one pass"):
        path_length(subject(None), 10)
