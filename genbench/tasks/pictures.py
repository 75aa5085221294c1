"""Image files of strangers, from a folder or a zip archive, as tensors.

Archives are read in memory and never unpacked, so the names within them cannot reach the disk.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple
from zipfile import BadZipFile, ZipFile

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from genbench.types import InputError

MAX_PIXELS = 50_000_000
"""Largest image that is decoded: a small file can claim to be a huge image."""
MAX_BYTES = 100_000_000
"""Largest image file that is read."""
MAX_TOTAL = 16_000_000_000
"""Largest size of all images together, at the size that is asked for."""

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


class Picture(NamedTuple):
    """An image file that has not been read.

    Attributes:
        path: parts of its name relative to the folder or archive.
        where: its name for messages.
        file_bytes: its size, uncompressed.
    """

    path: tuple[str, ...]
    where: str
    file_bytes: int
    read: Callable[[], bytes]


@contextmanager
def open_pictures(path: Path) -> Iterator[list[Picture]]:
    """The image files anywhere below a folder or in a zip archive by name, readable within the block.

    Files are known by their suffix, see `SUFFIXES`; hidden ones are left out.

    Raises:
        InputError: `path` is neither a folder nor a zip archive.
    """
    if path.is_dir():
        yield sorted(_in_folder(path), key=attrgetter("path"))
        return
    try:
        archive = ZipFile(path)
    except (OSError, BadZipFile) as error:
        raise InputError(
            f"{path} is neither a folder nor a readable zip archive ({error}); check it"
        ) from error
    with archive:
        yield sorted(_in_archive(archive, path), key=attrgetter("path"))


def decode(pictures: Sequence[Picture], size: int, channels: Literal[1, 3] = 3) -> Tensor:
    """Read `pictures` as uint8, shape (n, channels, size, size).

    Each is cut to its central square and resampled bicubically to `size` pixels a side; at that size already,
    it is unchanged. Transparency is dropped, the first frame of an animation taken, EXIF rotation ignored.

    Raises:
        InputError: a file is damaged, too large, or has more than 8 bits a channel; it is named.
    """
    if (total := len(pictures) * channels * size * size) > MAX_TOTAL:
        raise InputError(
            f"{len(pictures)} images of {size} pixels a side are {total} bytes, give less than {MAX_TOTAL}"
        )
    images = torch.empty((len(pictures), channels, size, size), dtype=torch.uint8)
    for i, picture in enumerate(pictures):
        images[i] = _decoded(picture, size, channels)
    return images


def _in_folder(root: Path) -> Iterator[Picture]:
    for file in root.rglob("*"):
        path = file.relative_to(root).parts
        if _wanted(path) and file.is_file():
            yield Picture(path, str(file), file.stat().st_size, file.read_bytes)


def _in_archive(archive: ZipFile, name: Path) -> Iterator[Picture]:
    for member in archive.infolist():
        path = PurePosixPath(member.filename).parts
        if _wanted(path) and not member.is_dir():
            where = f"{member.filename} in {name}"
            yield Picture(path, where, member.file_size, partial(archive.read, member))


def _wanted(path: tuple[str, ...]) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path)
    return bool(path) and not hidden and PurePosixPath(path[-1]).suffix.lower() in SUFFIXES


def _decoded(picture: Picture, size: int, channels: int) -> Tensor:
    if picture.file_bytes > MAX_BYTES:
        raise InputError(f"image {picture.where} has more than {MAX_BYTES} bytes; remove it")
    try:
        with Image.open(io.BytesIO(picture.read()), formats=_FORMATS) as image:
            problem = _problem(image)
            if problem is None:
                return _pixels(image, size, channels)
    except UnidentifiedImageError:
        problem = f"is none of {', '.join(_FORMATS)}"
    except Exception as error:  # decoders raise whatever damaged bytes lead them to
        problem = f"cannot be decoded ({error})"
    raise InputError(f"image {picture.where} {problem}; replace or remove it")


def _problem(image: Image.Image) -> str | None:
    """Why an opened image, not decoded yet, cannot be used."""
    if image.width * image.height > MAX_PIXELS:
        return f"has {image.width}×{image.height} pixels, more than {MAX_PIXELS}"
    if image.mode.startswith(("I", "F")):
        return "has more than 8 bits a channel"
    return None


def _pixels(image: Image.Image, size: int, channels: int) -> Tensor:
    square = ImageOps.fit(image.convert("L" if channels == 1 else "RGB"), (size, size))
    return torch.from_numpy(np.array(square)).reshape(size, size, channels).permute(2, 0, 1)
