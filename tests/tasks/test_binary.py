from pathlib import Path

import pytest
import torch

from genbench.registry import tasks
from genbench.tasks import Task, binarised, binary_digits, digits
from genbench.tasks.sources import available


def grey() -> Task:
    ramp = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).repeat(400, 1, 1, 1)
    return Task("ramp", "images", ramp, ramp[:100], ("frechet_lenet@1k",))


def test_threshold_is_one_half_and_keeps_bytes():
    task = binarised(grey(), "threshold", flip=False)
    assert task.train.dtype == torch.uint8
    assert task.train[0].flatten().tolist() == [0] * 128 + [255] * 128
    assert (task.name, task.train.shape) == ("binary-ramp", (400, 1, 16, 16))


def test_static_bits_have_the_grey_values_as_their_means_and_are_fixed():
    task, again = (binarised(grey(), "static", flip=False) for _ in range(2))
    assert set(task.train.unique().tolist()) == {0, 255}
    off = task.to_float(task.train).mean(0) - grey().to_float(grey().train[0])
    assert off.abs().max() < 4 * (0.25 / 400) ** 0.5
    assert off.abs().mean() > 0.005
    assert task.checksum() == again.checksum()
    assert not torch.equal(task.train[:100], task.held_out)


def test_dynamic_leaves_training_images_grey():
    task, static = (binarised(grey(), rule, flip=False) for rule in ("dynamic", "static"))
    assert torch.equal(task.train, grey().train)
    assert torch.equal(task.held_out, static.held_out)


@pytest.mark.parametrize("rule", ["threshold", "static", "dynamic"])
def test_flipping_exchanges_black_and_white(rule):
    plain, flipped = (binary_digits(rule, flip=flip) for flip in (False, True))
    assert torch.equal(flipped.train, 1 - plain.train)
    assert torch.equal(flipped.held_out, 1 - plain.held_out)
    assert torch.equal(plain.train_labels, digits().train_labels)


def test_binary_mnist_needs_the_files_of_mnist(mnist_dir: Path):
    task = tasks["binary-mnist"].create(data_dir=mnist_dir)
    assert task.train.shape == (30, 1, 28, 28)
    assert task.train.max() == 0  # the tiny images are all darker than one half
    assert str(mnist_dir) in available("binary-mnist", mnist_dir)


@pytest.mark.parametrize("rule", ["threshold", "static", "dynamic"])
def test_there_are_two_levels(rule):
    task = binary_digits(rule)
    assert task.levels == 2
    assert task.held_out.unique().tolist() == [0, 1]
