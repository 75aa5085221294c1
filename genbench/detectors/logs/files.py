"""Regular files and nothing else, within a size, as bytes or text."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from genbench.types import InputError

MAX_TEXT = 100_000_000
"""Bytes of a log of text that are read; its cells take some twenty times as much memory."""


def regular(path: Path) -> int:
    """The size of a regular file in bytes.

    Raises:
        InputError: it cannot be reached, or is a pipe, a device or a socket, which may have no end.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path} is no regular file; copy what it holds into one and give that")
    return found.st_size


def text(path: Path) -> str:
    """A text file's content, by its byte order mark or as UTF-8, else as Latin-1.

    Raises:
        InputError: it is no regular file, too large, or cannot be read.
    """
    size = regular(path)
    if size > MAX_TEXT:
        raise InputError(
            f"{path} has {size} bytes; at most {MAX_TEXT} of text are read, Parquet may hold more"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:2]:  # wide characters without a mark
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
