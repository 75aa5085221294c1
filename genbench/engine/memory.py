"""What running out of memory looks like, and what is tried then."""

from __future__ import annotations

import gc

import torch

from genbench.engine.ensemble import Ensemble

_SAID = ("can't allocate memory", "not enough memory", "CUDA error: out of memory", "_STATUS_ALLOC_FAILED")
"""How torch's allocator on the host, CUDA's runtime, cuBLAS and cuDNN put it in a plain RuntimeError."""


_ALLOCATOR, _LEAST = "[enforce fail at alloc", 15
"""How torch's allocator begins, and what a C++ string holds in itself: its message may end there."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on a GPU or on the host."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error)
    cut = len(said) >= _LEAST and _ALLOCATOR.startswith(said)
    return isinstance(error, RuntimeError) and (cut or any(words in said for words in _SAID))


def halved(ensemble: Ensemble) -> Ensemble | None:
    """The same ensemble with half as many seeds in memory at once; None if it is down to one already.

    Results differ by rounding at most: a seed's numbers depend on no other seed.
    """
    together = ensemble.together or len(ensemble.seeds)
    if ensemble.backend != "batched" or together == 1:
        return None
    return ensemble.varied(together=-(-together // 2))


def release(device: torch.device) -> None:
    """Give back what a failed attempt held."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
