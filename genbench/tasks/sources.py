"""Data sets that torchvision reads: where they lie, and how they get there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genbench.registry import tasks
from genbench.types import GenbenchError, InputError, NotAvailableError


class Split(NamedTuple):
    """Images as uint8, shape (n, C, H, W), and their classes, shape (n,)."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Source:
    """A data set of torchvision.

    Attributes:
        name: the task that `prepare` fetches it for.
        dataset: its class in `torchvision.datasets`.
        folder: where torchvision keeps its files below the data directory.
    """

    name: str
    dataset: str
    folder: str

    def load(self, data_dir: Path | None, train: bool) -> Split:
        """Read the official training or test split; nothing is downloaded.

        Raises:
            NotAvailableError: the files are absent.
            InputError: the files are damaged.
        """
        root = data_directory(data_dir)
        try:
            return _tensors(self._open(root, train=train, download=False))
        except (OSError, RuntimeError, ValueError, AssertionError) as error:
            raise self._absent(root) if "not found" in str(error) else self._damaged(root, error) from error

    def download(self, data_dir: Path | None) -> None:
        """Fetch and unpack the files unless they are there already.

        Raises:
            NotAvailableError: no connection, a wrong checksum, or a data directory that cannot be written.
        """
        root = data_directory(data_dir)
        try:
            self._open(root, train=True, download=True)
        except (OSError, RuntimeError) as error:
            reason = str(error).strip().replace("\n", " ")
            raise NotAvailableError(
                f"{self.name} could not be downloaded to {root} ({reason}): try again, "
                f"or copy its files to {root / self.folder} by hand"
            ) from error

    def _open(self, root: Path, train: bool, download: bool) -> Any:
        from torchvision import datasets

        return getattr(datasets, self.dataset)(root, train=train, download=download)

    def _absent(self, root: Path) -> NotAvailableError:
        return NotAvailableError(
            f"no complete copy of {self.name} is in {root / self.folder}: "
            f"run `genbench prepare {self.name} --download`, "
            "or set --data-dir or GENBENCH_DATA_DIR to the folder that holds it"
        )

    def _damaged(self, root: Path, error: Exception) -> InputError:
        return InputError(
            f"{self.name} in {root / self.folder} is damaged ({error or type(error).__name__}): "
            f"delete that folder and run `genbench prepare {self.name} --download`"
        )


MNIST = Source("mnist", "MNIST", "MNIST")
FASHION_MNIST = Source("fashion-mnist", "FashionMNIST", "FashionMNIST")
CIFAR10 = Source("cifar10", "CIFAR10", "cifar-10-batches-py")

_OF_TASK = {source.name: source for source in (MNIST, FASHION_MNIST, CIFAR10)}
_OF_TASK |= {"binary-mnist": MNIST, "stacked-mnist": MNIST}


def data_directory(data_dir: Path | None) -> Path:
    """`data_dir`, else the environment's GENBENCH_DATA_DIR, else ``data`` in the working directory."""
    return Path(data_dir or os.environ.get("GENBENCH_DATA_DIR") or "data").expanduser()


def prepare(task: str, data_dir: Path | None = None, download: bool = False) -> str:
    """Check that the files of `task` are complete, fetching them first if `download`; a sentence on them.

    Raises:
        InputError: no task has that name, or its files are damaged.
        NotAvailableError: the files are absent, or could not be fetched.
    """
    tasks[task]
    if task not in _OF_TASK:
        return f"{task} needs no download"
    source = _OF_TASK[task]
    if download:
        source.download(data_dir)
    train, test = (len(source.load(data_dir, train=split).labels) for split in (True, False))
    where = data_directory(data_dir) / source.folder
    return f"{task} is ready in {where}: {train} training and {test} test images"


def available(task: str, data_dir: Path | None = None) -> str:
    """Where the files of `task` are, or how to get them, in a sentence; absent files are no error.

    Raises:
        InputError: no task has that name.
    """
    tasks[task]
    if task not in _OF_TASK:
        return f"{task} needs no download"
    source = _OF_TASK[task]
    try:
        source.load(data_dir, train=False)
    except GenbenchError as error:
        return str(error)
    return f"{task} is in {data_directory(data_dir) / source.folder}"


def _tensors(dataset: Any) -> Split:
    images, labels = torch.as_tensor(dataset.data), torch.as_tensor(dataset.targets)
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    grey = images.ndim == 3
    return Split(images[:, None] if grey else images.permute(0, 3, 1, 2).contiguous(), labels)
