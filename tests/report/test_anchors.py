import math

import numpy as np
import pytest

from genbench.report.anchors import Anchors

MNIST = Anchors(76.7, 0.07, 2.0, 0.01, "log")


def test_scores_are_placed_on_the_scale() -> None:
    placed = Anchors(10.0, 0.1, scale="log").normalised(np.array([10.0, 1.0, 0.1, 1000.0]))
    assert placed.tolist() == pytest.approx([0.0, 0.5, 1.0, -1.0])
    assert Anchors(10.0, 0.0, scale="log").normalised(np.array([5.0])).tolist() == [0.5]  # 0 has no logarithm
    assert math.isnan(Anchors().normalised(np.array([1.0]))[0])


@pytest.mark.parametrize(
    ("anchors", "better", "apart"),
    [
        (Anchors(0.0811, 0.0690, 0.0108, 0.0220), "lower", False),  # gaussian, as measured
        (Anchors(0.0811, 0.0690), "lower", False),  # and as records of earlier versions have it
        (Anchors(0.2528, 0.0672, 0.0035, 0.0255), "lower", True),  # ring8
        (Anchors(0.2528, 0.0672), "lower", True),
        (Anchors(76.7, 0.07), "lower", True),
        (Anchors(4.0, 8.0, 1.41, 0.0), "higher", False),  # modes of ring8: five draws give 3 to 7 of them
        (Anchors(0.0032, 0.9884, 0.0009, 0.0002), "higher", True),
        (Anchors(0.95, 0.99, 0.001, 0.001), "higher", False),  # beyond noise, and hardly a distance
        (Anchors(8.0, 4.0, 0.1, 0.1), "higher", False),
        (Anchors(), "higher", False),
    ],
)
def test_real_data_beat_the_trivial_sampler_beyond_noise(anchors: Anchors, better: str, apart: bool) -> None:
    assert anchors.tell_apart(better) is apart


def test_single_values_are_worse_beyond_three_standard_errors() -> None:
    assert MNIST.worse(np.array([70.0, 82.0, 83.0, np.nan]), "lower").tolist() == [False, False, True, False]
    assert Anchors(0.5, 0.9, 0.1).worse(np.array([0.1, 0.25]), "higher").tolist() == [True, False]
    assert not Anchors().worse(np.array([1e9]), "lower").any()
    assert Anchors(100.0, 1.0).worse(np.array([129.0, 131.0]), "lower").tolist() == [False, True]


def test_a_mean_below_trivial_counts_its_own_noise_and_that_of_the_trivial_score() -> None:
    sure, near = np.array([100.0, 101.0, 99.0]), np.array([78.0, 78.5, 79.0])
    assert MNIST.below(sure, "lower")
    assert not MNIST.below(near, "lower")
    assert Anchors(76.7, 0.07, 0.01, 0.01, "log").below(near, "lower")
    assert not MNIST.below(np.array([100.0, 60.0, 300.0]), "lower")
    assert not MNIST.below(np.array([100.0]), "lower")
    assert not Anchors().below(sure, "lower")
    assert Anchors(4.0, 8.0, 0.1).below(np.array([3.0, 3.0]), "higher")


def test_a_sampler_as_good_as_the_trivial_one_is_found_below_it_at_the_level() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        trivial, values = rng.normal(10, 0.5), rng.normal(10, 1, size=4)
        found.append(Anchors(trivial, 1.0, 0.5, 0.1).below(values, "lower"))
    assert 0.02 < np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)
