"""Every registered metric on small tasks: it scores or says why not, and tells good samples from bad."""

from __future__ import annotations

import pytest
import torch

from genbench.metrics import Subject, named
from genbench.registry import metrics
from genbench.tasks import digits, ring8
from genbench.types import InputError

TASKS = {"digits": digits(), "ring8": ring8(samples=2000)}
NAMES = [name for name in metrics if name != "frechet_file"]
"""The metric of a user's own file has no default; it has tests of its own."""


@pytest.mark.parametrize(
    ("name", "task"),
    [
        *((name, "digits") for name in ("frechet", "frechet_lenet", "kid_lenet", "mmd", "energy", "ndb")),
        *((name, "digits") for name in ("precision_lenet", "coverage_lenet", "recall", "density")),
        *(
            (name, "ring8")
            for name in ("sliced_wasserstein", "wasserstein1", "two_sample", "coverage", "ndb")
        ),
    ],
)
def test_held_out_data_score_better_than_noise(name: str, task: str) -> None:
    metric, data = named(f"{name}@300"), TASKS[task]
    noise = torch.rand(300, *data.shape, generator=torch.Generator().manual_seed(0))
    assert metric.real is not None
    real, bad = metric.real(data).value, metric.estimate(Subject(data, lambda n: noise[:n])).value
    assert real < bad if metric.better == "lower" else real > bad


def test_copies_of_the_training_set_are_found() -> None:
    task = TASKS["digits"]
    copies = Subject(task, lambda n: task.train[:n])
    assert named("copying@300").estimate(copies).value == 1
    assert named("copying_lenet@300").estimate(copies).value > 0.99


def test_samples_of_another_shape_are_named() -> None:
    with pytest.raises(InputError, match="digits needs"):
        named("energy@100").estimate(Subject(TASKS["digits"], lambda n: torch.zeros(n, 1, 9, 9)))


def test_a_metric_without_such_an_option_says_so() -> None:
    with pytest.raises(InputError, match="path"):
        named("energy:somewhere@100")
    with pytest.raises(InputError, match="sample count"):
        named("energy@many")
