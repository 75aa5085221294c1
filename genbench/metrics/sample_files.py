"""Read samples that somebody else's model made, from image files or arrays."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from genbench.tasks.pictures import decode, open_pictures
from genbench.tasks.task import Task
from genbench.types import GenbenchError, InputError

MAX_BYTES = 8_000_000_000
"""Largest array that is read, uncompressed."""


def read_samples(path: Path, task: Task) -> Tensor:
    """Samples in a folder or zip of images, or in a .npy, .npz or .pt file, shape (n, *task.shape), float32.

    Images are cut to their central square and resampled to the task's size. Arrays hold one example a row,
    flat, in the task's shape, or with channels last; those of images are uint8, or floats in [0, 1]. An
    archive of several arrays needs one called ``samples``. No pickled code is run.

    Raises:
        InputError: the file is absent, unreadable, too large, or holds something else.
    """
    if not path.exists():
        raise InputError(f"there are no samples at {path}; give a folder of images, .npy, .npz or .pt")
    reader = _READERS.get(path.suffix.lower())
    return _pictures(path, task) if reader is None else shaped(reader(path), task, str(path))


def shaped(x: Tensor, task: Task, where: str) -> Tensor:
    """`x` as finite float32 of shape (n, *task.shape), images in [0, 1].

    Args:
        where: how errors name `x`.

    Raises:
        InputError: the shape or the range does not fit the task.
    """
    x = _float(_arranged(x, task, where), where)
    if len(x) == 0 or not x.isfinite().all():
        raise InputError(f"{where} holds no samples, or NaN or infinity; write finite samples")
    if task.kind == "images" and (x.min() < -1e-4 or x.max() > 1 + 1e-4):
        span = f"{float(x.min()):.3g} to {float(x.max()):.3g}"
        raise InputError(f"{where} holds pixels from {span}; write floats in [0, 1] or uint8 in [0, 255]")
    return x.clamp(0, 1) if task.kind == "images" else x


def _pictures(path: Path, task: Task) -> Tensor:
    if task.kind != "images" or task.shape[0] not in (1, 3) or task.shape[1] != task.shape[2]:
        raise InputError(
            f"{path} holds pictures, {task.name} has examples of shape {task.shape}; give an array"
        )
    channels = cast(Literal[1, 3], task.shape[0])
    with open_pictures(path) as pictures:
        if not pictures:
            raise InputError(f"{path} holds no images; give PNG, JPEG or other image files")
        return decode(pictures, task.shape[1], channels).float().div_(255)


def _arranged(x: Tensor, task: Task, where: str) -> Tensor:
    shape = task.shape
    last = (*shape[1:], shape[0])
    if x.ndim >= 2 and tuple(x.shape[1:]) in (shape, (task.dim,), shape[1:] if shape[0] == 1 else shape):
        return x.reshape(len(x), *shape)
    if task.kind == "images" and tuple(x.shape[1:]) == last:
        return x.movedim(-1, 1)
    raise InputError(
        f"{where} has shape {tuple(x.shape)}, {task.name} needs (n, {', '.join(map(str, shape))})"
    )


def _float(x: Tensor, where: str) -> Tensor:
    if x.dtype == torch.uint8:
        return x.float().div_(255)
    if not x.is_floating_point():
        raise InputError(f"{where} holds {x.dtype}; write uint8 or floating-point numbers")
    return x.float()


def _npy(path: Path) -> Tensor:
    return _from_numpy(path, lambda: np.load(path, mmap_mode="r", allow_pickle=False))


def _npz(path: Path) -> Tensor:
    return _from_numpy(path, lambda: _member(path))


def _member(path: Path) -> np.ndarray[Any, Any]:
    with zipfile.ZipFile(path) as archive:
        names = [Path(name).stem for name in archive.namelist()]
        wanted = "samples" if "samples" in names else names[0] if len(names) == 1 else None
        if wanted is None:
            raise InputError(f"{path} holds arrays {', '.join(names)}; call the samples 'samples'")
        _check_size(archive.getinfo(f"{wanted}.npy").file_size, path)
    with np.load(path, allow_pickle=False) as arrays:
        member: np.ndarray[Any, Any] = arrays[wanted]
    return member


def _from_numpy(path: Path, load: Callable[[], np.ndarray[Any, Any]]) -> Tensor:
    try:
        array = load()
        _check_size(array.nbytes, path)
        return torch.from_numpy(np.array(array))
    except GenbenchError:
        raise
    except Exception as error:  # numpy and zipfile raise many kinds over damaged files
        raise InputError(f"{path} cannot be read as a numpy file: {error}") from None


def _pt(path: Path) -> Tensor:
    try:
        _check_size(_unpacked(path), path)
        x = torch.load(path, weights_only=True, map_location="cpu")
    except GenbenchError:
        raise
    except Exception:  # a refused pickle, a damaged archive and others
        raise InputError(
            f"{path} is no file of tensors alone; save one by torch.save(tensor, path)"
        ) from None
    if isinstance(x, dict):
        x = x.get("samples")
    if not isinstance(x, Tensor):
        raise InputError(f"{path} must hold one tensor, or a dictionary with a tensor called 'samples'")
    if x.layout is not torch.strided or x.is_quantized or x.is_complex() or x.is_meta:
        raise InputError(f"{path} holds a tensor of a special kind; save a plain, dense one of real numbers")
    _check_size(x.numel() * x.element_size(), path)  # a view can repeat one stored number for ever
    return x.detach()


def _unpacked(path: Path) -> int:
    """Bytes of a file once unpacked, if it is a zip archive, as torch writes them; else as it lies there."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _check_size(size: int, path: Path) -> None:
    if size > MAX_BYTES:
        limit = f"{MAX_BYTES / 1e9:.0f} GB"
        raise InputError(f"{path} holds {size / 1e9:.1f} GB, the limit is {limit}; give fewer samples")


_READERS: dict[str, Callable[[Path], Tensor]] = {".npy": _npy, ".npz": _npz, ".pt": _pt, ".pth": _pt}
