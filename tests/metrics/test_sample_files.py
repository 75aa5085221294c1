"""Samples of strangers: what is read, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from genbench.metrics import read_samples, sample_files
from genbench.tasks import Task, digits, ring8
from genbench.types import InputError


@pytest.fixture(scope="module")
def task() -> Task:
    return digits()


def eight_bits(task: Task, n: int = 50) -> NDArray[np.uint8]:
    return (task.train[:n] * 255).round().to(torch.uint8).numpy()


def test_every_format_gives_the_same_samples(task: Task, tmp_path: Path) -> None:
    pixels = eight_bits(task)
    expected = torch.from_numpy(pixels).float() / 255
    np.save(tmp_path / "flat.npy", pixels.reshape(50, 64))
    np.save(tmp_path / "last.npy", pixels.transpose(0, 2, 3, 1))
    np.save(tmp_path / "grey.npy", pixels[:, 0] / 255)
    np.savez(tmp_path / "one.npz", anything=pixels)
    np.savez(tmp_path / "two.npz", labels=np.zeros(50), samples=pixels)
    torch.save(expected, tmp_path / "tensor.pt")
    torch.save({"samples": expected.half()}, tmp_path / "named.pt")
    (tmp_path / "pictures").mkdir()
    for i, image in enumerate(pixels):
        Image.fromarray(image[0]).save(tmp_path / "pictures" / f"{i:03}.png")
    for path in tmp_path.iterdir():
        torch.testing.assert_close(read_samples(path, task), expected, atol=1e-3, rtol=0, msg=path.name)


def test_no_pickled_code_is_run(task: Task, tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(marker),)

    torch.save(Evil(), tmp_path / "evil.pt")
    np.save(tmp_path / "evil.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "evil.npz", np.array([Evil()], dtype=object))
    for name in ("evil.pt", "evil.npy", "evil.npz"):
        with pytest.raises(InputError, match=name):
            read_samples(tmp_path / name, task)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 9, 9)), "needs \\(n, 1, 8, 8\\)"),
        (np.zeros((0, 64)), "no samples"),
        (np.full((5, 64), -1.0), "from -1 to -1"),
        (np.full((5, 64), 255.0), "uint8"),
        (np.full((5, 64), np.nan), "NaN"),
        (np.zeros((5, 64), dtype=np.int64), "int64"),
        (np.float64(3), "shape"),
    ],
)
def test_arrays_that_do_not_fit_are_explained(
    task: Task, tmp_path: Path, array: NDArray[np.float64], message: str
) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=message):
        read_samples(tmp_path / "x.npy", task)


def test_files_that_do_not_fit_are_explained(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK")
    np.savez(tmp_path / "many.npz", a=np.zeros(3), b=np.zeros(3))
    torch.save([1, 2], tmp_path / "list.pt")
    np.save(tmp_path / "big.npy", np.zeros((5, 64)))
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(sample_files, "MAX_BYTES", 2000)
    for name, message in {
        "absent.npy": "no samples at",
        "broken.npz": "cannot be read",
        "many.npz": "'samples'",
        "list.pt": "one tensor",
        "big.npy": "give fewer samples",
        "empty": "no images",
    }.items():
        with pytest.raises(InputError, match=message):
            read_samples(tmp_path / name, task)


def test_pictures_are_no_points(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give an array"):
        read_samples(tmp_path, ring8(samples=10))


def test_any_damage_to_an_archive_of_tensors_is_explained_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "samples.pt"
    torch.save(torch.zeros(3, 2), path)
    sound, points, refused = path.read_bytes(), ring8(samples=50), 0
    # The central directory, where zip archives keep the names and sizes of what they hold, lies at the end.
    for at in range(len(sound) * 3 // 4, len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :])
        try:
            read_samples(path, points)
        except InputError:
            refused += 1
    assert refused > 50
