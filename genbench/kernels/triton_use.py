"""Whether a kernel's Triton version is the one to take."""

from __future__ import annotations

import functools
import importlib.util
import os

from torch import Tensor


def fuses(x: Tensor) -> bool:
    """Whether `x` (any shape) is on a GPU and Triton installed, or Triton's interpreter stands in for one."""
    return (x.is_cuda or os.environ.get("TRITON_INTERPRET") == "1") and _installed()


@functools.cache
def _installed() -> bool:
    return importlib.util.find_spec("triton") is not None
