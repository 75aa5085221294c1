"""genbench compares generative methods under one protocol.

>>> import genbench
>>> genbench.run("quick", models=["gan", "vae"], tasks=["ring8"])  # doctest: +SKIP
>>> genbench.load("results/quick").scores                          # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Imported on first use: the command line answers --help without torch.
_LAZY = {"run": "genbench.executors.local", "load": "genbench.store", "Monitor": "genbench.monitor"}
__all__ = ["Monitor", "__version__", "load", "run"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'genbench' has no attribute {name!r}")
