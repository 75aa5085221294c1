"""Tiny data sets in the layouts that torchvision reads."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from task_files import write_mnist
from torchvision.datasets import CIFAR10


@pytest.fixture
def mnist_dir(tmp_path: Path) -> Path:
    """A data directory with a tiny MNIST and a tiny Fashion-MNIST."""
    write_mnist(tmp_path / "MNIST" / "raw")
    write_mnist(tmp_path / "FashionMNIST" / "raw")
    return tmp_path


@pytest.fixture
def cifar_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a tiny CIFAR-10, whose checksums torchvision is told."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()

    def write(name: str, content: dict[str, object]) -> list[str]:
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    def batch(value: int) -> dict[str, object]:
        planes = np.repeat(np.array([value, value + 1, value + 2], dtype=np.uint8), 1024)
        return {"data": np.stack([planes, planes]), "labels": [3, 7]}

    meta = write("batches.meta", {"label_names": list("abcdefghij")})
    monkeypatch.setattr(CIFAR10, "train_list", [write(f"data_batch_{i}", batch(10 * i)) for i in (1, 2)])
    monkeypatch.setattr(CIFAR10, "test_list", [write("test_batch", batch(200))])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": meta[1]})
    return tmp_path
