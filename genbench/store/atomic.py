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


def write_atomically(path: Place, data: bytes) -> None:
    """Write beside `path`, onto the disk, then rename: whatever happens, `path` is old or new, never half.

    A URL's file is put in one request, which object stores show whole or not at all.

    Raises:
        OSError: the disk refuses; `path` is as it was.
        InputError: the store behind a URL refuses.
    """
    if not isinstance(path, Path):
        return put(path, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_SUFFIX}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def remove_abandoned(folder: Place) -> None:
    """Remove what writers that died left below `folder`; a file touched within the hour may have a writer."""
    for path in folder.rglob(f".*{_SUFFIX}") if isinstance(folder, Path) else ():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
