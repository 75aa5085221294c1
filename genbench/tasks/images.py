"""Image sets of torchvision with their official test sets held out, as uint8."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor
from torch.nn.functional import pad

from genbench.registry import tasks
from genbench.tasks.sources import CIFAR10, FASHION_MNIST, MNIST, Source, Split
from genbench.tasks.task import Task

STACKED_HELD_OUT = 26_000
"""Held-out triplets of stacked MNIST: as many as its mode counts draw."""


@tasks.register("mnist", cite="lecun1998mnist", kind="images")
def mnist(size: Literal[28, 32] = 28, *, data_dir: Path | None = None) -> Task:
    """Handwritten digits, grey, 60,000 to train on and 10,000 held out.

    LeCun et al. 1998.

    Args:
        size: 32 surrounds the 28×28 images with two rows of zeros, for nets that halve the side often.
        data_dir: holds ``MNIST/raw``.

    Raises:
        NotAvailableError: the files are absent.
    """
    ranked_by = ("frechet_lenet@10k", "coverage_lenet@2500")
    metrics = (*ranked_by, "class_kl_lenet@10k", "sliced_wasserstein@10k")
    return _task(MNIST, metrics, size, data_dir, classifier="mnist", ranked_by=ranked_by)


@tasks.register("fashion-mnist", cite="xiao2017fashion", kind="images")
def fashion_mnist(size: Literal[28, 32] = 28, *, data_dir: Path | None = None) -> Task:
    """Grey pictures of clothes in ten classes, 60,000 to train on and 10,000 held out.

    Xiao et al. 2017 (arXiv:1708.07747).

    Args:
        size: 32 surrounds the 28×28 images with two rows of zeros.
        data_dir: holds ``FashionMNIST/raw``.

    Raises:
        NotAvailableError: the files are absent.
    """
    return _task(FASHION_MNIST, ("sliced_wasserstein@10k",), size, data_dir)


@tasks.register("cifar10", cite="krizhevsky2009cifar", kind="images")
def cifar10(*, data_dir: Path | None = None) -> Task:
    """Small colour photographs in ten classes, 32×32, 50,000 to train on and 10,000 held out.

    Krizhevsky 2009.

    Args:
        data_dir: holds ``cifar-10-batches-py``.

    Raises:
        NotAvailableError: the files are absent.
    """
    return _task(CIFAR10, ("sliced_wasserstein@10k",), 32, data_dir)


@tasks.register("stacked-mnist", cite="lin2018pacgan", kind="images")
def stacked_mnist(
    samples: PositiveInt = 128_000, size: Literal[28, 32] = 28, *, data_dir: Path | None = None
) -> Task:
    """Three random MNIST digits as the channels of one image: a thousand modes, 100a + 10b + c.

    The protocol is that of Lin et al. 2018 (arXiv:1712.04086): fixed triplets from the training and the test
    set together. The 26,000 held-out triplets are drawn independently of them, from the same digits; what
    a method has merely copied is therefore no less likely in them.

    Args:
        samples: training triplets.
        size: 32 surrounds the 28×28 images with two rows of zeros.
        data_dir: holds ``MNIST/raw``.

    Raises:
        NotAvailableError: the files of MNIST are absent.
    """
    train, test = (MNIST.load(data_dir, train=split) for split in (True, False))
    digits = Split(
        _padded(torch.cat([train.images, test.images]), size), torch.cat([train.labels, test.labels])
    )
    stacked = stack(digits, triplets(len(digits.labels), samples, seed=0))
    held_out = stack(digits, triplets(len(digits.labels), STACKED_HELD_OUT, seed=1))
    return Task(
        name="stacked-mnist",
        kind="images",
        train=stacked.images,
        held_out=held_out.images,
        metrics=("stacked_modes@26k", "stacked_kl@26k", "sliced_wasserstein@10k"),
        train_labels=stacked.labels,
        held_out_labels=held_out.labels,
        classifier="mnist",
        levels=256,
        ranked_by=("stacked_modes@26k", "stacked_kl@26k"),
    )


def triplets(digits: int, n: int, seed: int) -> Tensor:
    """`n` triples of indices below `digits`, always the same ones for a `seed`, shape (n, 3)."""
    return torch.randint(digits, (n, 3), generator=torch.Generator().manual_seed(seed))


def stack(digits: Split, indices: Tensor) -> Split:
    """Grey `digits` (n, 1, H, W) stacked as channels, (m, 3, H, W), with labels 100a + 10b + c."""
    labels = digits.labels[indices] @ torch.tensor([100, 10, 1])
    return Split(digits.images[:, 0][indices], labels)


def _task(
    source: Source,
    metrics: tuple[str, ...],
    size: int,
    data_dir: Path | None,
    classifier: str | None = None,
    ranked_by: tuple[str, ...] = (),
) -> Task:
    train, test = (source.load(data_dir, train=split) for split in (True, False))
    return Task(
        name=source.name,
        kind="images",
        train=_padded(train.images, size),
        held_out=_padded(test.images, size),
        metrics=metrics,
        train_labels=train.labels,
        held_out_labels=test.labels,
        classifier=classifier,
        levels=256,
        ranked_by=ranked_by,
    )


def _padded(images: Tensor, size: int) -> Tensor:
    margin = (size - images.shape[-1]) // 2
    return pad(images, (margin,) * 4)
