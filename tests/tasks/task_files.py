"""Writers of tiny data sets, in MNIST's format and as image files, and what they share in tests."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from genbench.tasks import Task


def write_idx(file: Path, array: np.ndarray) -> None:
    """Write bytes in MNIST's format: magic number, sizes, values."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    file.write_bytes(header + array.astype(np.uint8).tobytes())


def write_mnist(raw: Path) -> None:
    """Write 30 training and 20 test images in MNIST's layout; image i is of class i mod 10 and grey i + 1."""
    raw.mkdir(parents=True)
    for split, n, first in (("train", 30, 0), ("t10k", 20, 30)):
        numbers = np.arange(first, first + n)
        write_idx(raw / f"{split}-images-idx3-ubyte", np.tile(numbers[:, None, None], (1, 28, 28)) + 1)
        write_idx(raw / f"{split}-labels-idx1-ubyte", numbers % 10)


def png(value: int | tuple[int, int, int], size: tuple[int, int] = (8, 8)) -> bytes:
    """A PNG file of one colour, or one grey."""
    buffer = io.BytesIO()
    Image.new("L" if isinstance(value, int) else "RGB", size, value).save(buffer, "PNG")
    return buffer.getvalue()


def write_pictures(root: Path, names: dict[str, bytes]) -> Path:
    """Write files by relative name."""
    for name, content in names.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def labels(task: Task) -> tuple[Tensor, Tensor]:
    """Training and held-out labels of a task that has them."""
    assert task.train_labels is not None
    assert task.held_out_labels is not None
    return task.train_labels, task.held_out_labels
