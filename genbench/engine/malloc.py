"""glibc's malloc, told to keep the memory that tensors free between the steps of a training loop."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of glibc's settings, from its malloc.h."""


@cache
def keep_freed() -> None:
    """Have the C library keep what tensors free, for those of the next step.

    glibc gives memory at the end of its heap back as soon as there is a little more of it than it expects,
    and takes it page by page again: up to half of a step's time. Other libraries are left as they are.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(_MMAP_THRESHOLD, 32 * 2**20)  # the most that glibc takes
        library.mallopt(_TRIM_THRESHOLD, 2**30)
