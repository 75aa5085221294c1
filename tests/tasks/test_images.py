from pathlib import Path
from typing import Literal

import pytest
import torch
from task_files import labels

from genbench.registry import tasks
from genbench.tasks import cifar10, mnist, stacked_mnist
from genbench.tasks.images import STACKED_HELD_OUT, triplets
from genbench.types import InputError, NotAvailableError

GREY = ["mnist", "fashion-mnist"]


@pytest.mark.parametrize("name", GREY)
def test_grey_images_are_bytes_with_the_official_split(name: str, mnist_dir: Path) -> None:
    task = tasks[name].create(data_dir=mnist_dir)
    assert task.train.dtype == task.held_out.dtype == torch.uint8
    assert task.train.shape == (30, 1, 28, 28)
    assert task.held_out.shape == (20, 1, 28, 28)
    assert task.train[:, 0, 14, 14].tolist() == list(range(1, 31))
    assert task.held_out[:, 0, 14, 14].tolist() == list(range(31, 51))
    assert [part.tolist() for part in labels(task)] == [[i % 10 for i in range(n)] for n in (30, 20)]


def test_only_mnist_has_a_classifier(mnist_dir: Path) -> None:
    plain, fashion = (tasks[name].create(data_dir=mnist_dir) for name in GREY)
    assert plain.classifier == "mnist"
    assert "frechet_lenet@10k" in plain.metrics
    assert fashion.classifier is None
    assert fashion.metrics == ("sliced_wasserstein@10k",)


@pytest.mark.parametrize("name", GREY)
def test_padding_surrounds_the_image_with_zeros(name: str, mnist_dir: Path) -> None:
    small, large = (tasks[name].create(data_dir=mnist_dir, size=size) for size in (28, 32))
    assert large.shape == (1, 32, 32)
    assert torch.equal(large.train[..., 2:-2, 2:-2], small.train)
    assert large.held_out.sum() == small.held_out.sum()


def test_other_sizes_are_refused(mnist_dir: Path) -> None:
    with pytest.raises(InputError, match="size"):
        tasks["mnist"].create(data_dir=mnist_dir, size=30)


def test_unit_images_are_floats_up_to_one(mnist_dir: Path) -> None:
    task = mnist(data_dir=mnist_dir)
    assert task.to_float(task.train).dtype == torch.float32
    assert task.to_float(task.train)[29].max().item() == pytest.approx(30 / 255)


def test_bytes_have_256_levels(mnist_dir: Path, cifar_dir: Path) -> None:
    made = [tasks[name].create(data_dir=mnist_dir) for name in (*GREY, "stacked-mnist")]
    assert [task.levels for task in [*made, cifar10(data_dir=cifar_dir)]] == [256] * 4


def test_cifar_has_colour_planes_first(cifar_dir: Path) -> None:
    task = cifar10(data_dir=cifar_dir)
    assert task.train.shape == (4, 3, 32, 32)
    assert task.train.dtype == torch.uint8
    assert task.train.is_contiguous()
    assert task.train[2, :, 5, 6].tolist() == [20, 21, 22]
    assert task.held_out[0, :, 5, 6].tolist() == [200, 201, 202]
    assert labels(task)[0].tolist() == [3, 7, 3, 7]


@pytest.mark.parametrize("size", [28, 32])
def test_stacked_labels_name_the_three_channels(size: Literal[28, 32], mnist_dir: Path) -> None:
    task = stacked_mnist(500, size, data_dir=mnist_dir)
    digit = (task.train[:, :, 14, 14].long() - 1) % 10  # grey is one more than the number of the image
    assert task.train.shape == (500, 3, size, size)
    assert task.train.dtype == torch.uint8
    assert torch.equal(labels(task)[0], digit @ torch.tensor([100, 10, 1]))


def test_stacked_images_come_from_both_official_sets(mnist_dir: Path) -> None:
    task = stacked_mnist(2000, data_dir=mnist_dir)
    assert task.train[:, :, 0, 0].unique().tolist() == list(range(1, 51))
    assert task.held_out.shape[0] == len(labels(task)[1]) == STACKED_HELD_OUT
    assert task.classifier == "mnist"


def test_stacked_images_are_fixed(mnist_dir: Path) -> None:
    first, second = (stacked_mnist(500, data_dir=mnist_dir) for _ in range(2))
    assert first.checksum() == second.checksum()


def test_stacked_protocol_has_other_triplets_held_out() -> None:
    train, held_out = triplets(70_000, 128_000, seed=0), triplets(70_000, STACKED_HELD_OUT, seed=1)
    assert not set(map(tuple, train.tolist())) & set(map(tuple, held_out.tolist()))


@pytest.mark.parametrize("name", [*GREY, "cifar10", "stacked-mnist"])
def test_absent_data_say_in_one_sentence_how_to_get_them(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError) as caught:
        tasks[name].create(data_dir=tmp_path)
    text = str(caught.value)
    fetched = "mnist" if name == "stacked-mnist" else name
    assert f"`genbench prepare {fetched} --download`" in text
    assert "--data-dir" in text
    assert "GENBENCH_DATA_DIR" in text
    assert str(tmp_path) in text
    assert "\n" not in text


def test_a_factory_leaves_an_empty_data_directory_empty(tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError):
        mnist(data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []
