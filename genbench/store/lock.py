"""A lock on a run's folder, for several processes at work on one folder of results."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from genbench.store.place import Place

LOCK_FILE = ".lock"
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@contextlib.contextmanager
def try_lock(folder: Place) -> Iterator[bool]:
    """Whether this block holds the lock on `folder`; False if another caller, here or elsewhere, does.

    It is a lock of the operating system on a file in the folder. It ends with its process however that ends,
    so a killed process leaves nothing locked. On a network drive it holds between machines if the drive's
    locks do; where there are none, as behind a URL, every caller gets it.

    Raises:
        OSError: the folder cannot be written.
    """
    if not isinstance(folder, Path):
        yield True
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = _opened_and_locked(folder / LOCK_FILE)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            (folder / LOCK_FILE).unlink(missing_ok=True)
            os.close(descriptor)


def remove_stale_lock(folder: Place) -> None:
    """Remove the lock of a process that died when its run was done, and leave that of a living one."""
    if isinstance(folder, Path) and (folder / LOCK_FILE).exists():
        with contextlib.suppress(OSError), try_lock(folder):  # where nothing can be written it may stay
            pass


def _opened_and_locked(path: Path) -> int | None:
    """A descriptor that holds the lock; None if somebody else holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(descriptor)
                if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                    return None
                raise
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # its last holder removed it between our opening and our locking


def _is_at(descriptor: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
