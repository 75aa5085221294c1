"""Every registered metric on small tasks: it scores or says why not, and tells good samples from bad."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from genbench.metrics import Subject, named
from genbench.registry import metrics
from genbench.tasks import digits, ring8
from genbench.types import InputError

TASKS = {"digits": digits(), "ring8": ring8(samples=2000)}
SPACED: tuple[str, ...] = (
    "frechet",
    "frechet_infinity",
    "precision",
    "recall",
    "density",
    "coverage",
    "mmd",
    "energy",
)
SPACED += ("sliced_wasserstein", "two_sample", "copying", "authpct", "vendi")
"""Distances that every space has."""

DISTANCES = ("frechet", "sliced_wasserstein", "wasserstein", "mifid", "reverse_kl", "stacked_kl", "class_kl")
OTHERS = ("birthday", "path_length", "vendi")
"""Positive by nature, and compared by ratios."""


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


def test_every_distance_exists_in_every_space() -> None:
    spaces = ("", "_lenet", "_inception", "_file")
    assert {name + suffix for name in SPACED for suffix in spaces} <= set(metrics)
    assert {name + suffix for name in ("kid",) for suffix in spaces[1:]} <= set(metrics)


@pytest.mark.parametrize(("name", "n"), [("frechet_inception", 50_000), ("kid_inception", 10_000)])
def test_the_default_counts_of_before(name: str, n: int) -> None:
    assert metrics[name].options["n"] == metrics[name].create().samples == n


@pytest.mark.parametrize("name", list(metrics))
def test_ratios_are_for_scores_that_are_never_negative(name: str) -> None:
    path = {"path": Path("net.pt")} if name.endswith("_file") else {}
    scale = metrics[name].create(**path).scale
    bits = name.endswith("_bits")
    unbiased = name.startswith("frechet_infinity")
    assert (scale == "log") == (name.startswith((*DISTANCES, *OTHERS)) and not unbiased and not bits)
    assert scale in ("identity", "log")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", [name for name in metrics if not name.endswith("_file")])
def test_a_score_compared_by_ratios_is_positive_with_its_interval(name: str, task: str) -> None:
    metric, data = metrics[name].create(), TASKS[task]
    exact = Subject(data, lambda n: data.to_float(data.train[:n]))
    if metric.scale != "log" or metric.refuses(exact) or metric.real is None:
        return
    metric = named(f"{name}@200")
    for estimate in (metric.estimate(exact), metric.real(data)):  # type: ignore[misc]
        assert estimate.value > 0
        assert estimate.low is None or estimate.low >= 0


def test_a_metric_without_such_an_option_says_so() -> None:
    with pytest.raises(InputError, match="path"):
        named("energy:somewhere@100")
    with pytest.raises(InputError, match="sample count"):
        named("energy@many")
