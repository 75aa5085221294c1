"""Random numbers that modules draw of their own: torch's, lent to a seed; Python's and NumPy's, refused."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from genbench.types import InputError


@contextmanager
def seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Torch's global random numbers are those of `seed` within, as they were outside; None lets them be."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def refuse_foreign_chance() -> Iterator[None]:
    """Refuse code that draws from Python's or NumPy's random numbers, which belong to no seed.

    Raises:
        InputError: it did.
    """
    before = _foreign_states()
    yield
    if _foreign_states() != before:
        raise InputError(
            "the model draws from Python's or NumPy's random numbers, which belong to no seed; declare Noise "
            "for its updates and samples, and start its nets from torch's"
        )


def _foreign_states() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002, what a stranger may draw from
    return random.getstate(), kind, np.asarray(keys).tobytes(), *rest
