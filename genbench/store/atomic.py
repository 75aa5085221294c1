"""Files that a reader sees whole or not at all, and names that cannot leave their folder."""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid
from pathlib import Path

from genbench.store.place import Place, put
from genbench.types import InputError

_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*")
_SUFFIX = ".tmp"
ABANDONED_SECONDS = 3600.0


def checked_name(name: str) -> str:
    """`name`, if it can be one folder or file: letters, digits and ``._+-``, no dot in front.

    Raises:
        InputError: it holds anything else, a path separator for example.
    """
    if _NAME.fullmatch(name) is None:
        raise InputError(f"{name!r} cannot name a run or a file; use letters, digits, '.', '_', '+' and '-'")
    return name


def refuse_link(folder: Place) -> None:
    """Refuse to write into a folder that is a symbolic link: a copied run could point it anywhere.

    Raises:
        InputError: it is one.
    """
    if isinstance(folder, Path) and folder.is_symlink():
        raise InputError(f"{folder} is a symbolic link, into which nothing is written; remove it")


def write_atomically(path: Place, data: bytes, keep: Place | None = None) -> None:
    """Write beside `path`, onto the disk, then rename: whatever happens, `path` is old or new, never half.

    A URL's file is put in one request, which object stores show whole or not at all.

    Args:
        keep: what the file is renamed to that was there before. For a moment there is no `path` then.

    Raises:
        OSError: the disk refuses, and the error names `path`, which is as it was.
        InputError: the store behind a URL refuses.
    """
    if not isinstance(path, Path):
        if keep is not None and not isinstance(keep, Path) and path.exists():
            path.fs.copy(path.path, keep.path)
        return put(path, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_SUFFIX}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if isinstance(keep, Path) and path.exists():
            path.replace(keep)
        beside.replace(path)
    except OSError as error:
        if error.filename is None or str(error.filename) == str(beside):  # a write does not say of what
            error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)


def remove_abandoned(folder: Place, seconds: float = ABANDONED_SECONDS) -> None:
    """Remove what writers that died left; a file touched within `seconds` may have a writer."""
    for path in folder.rglob(f".*{_SUFFIX}") if isinstance(folder, Path) else ():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > seconds or seconds == 0:  # no clock is asked about zero
                path.unlink()
