"""Seeds in groups that are trained one after the other, or side by side on threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import torch

from genbench.engine.nets import Layout

CACHED = 5 * 2**20
"""Bytes that a compiled group of seeds may work on: its step then stays in a processor's caches."""


def cut(seeds: int, size: int) -> list[slice]:
    """Even groups of at most `size` seeds, of one size where that takes less than twice as many of them."""
    least = -(-seeds // size)
    count = next((n for n in range(least, 2 * least) if seeds % n == 0), least)
    ends = [seeds * i // count for i in range(count + 1)]
    return [slice(start, end) for start, end in itertools.pairwise(ends)]


def cached_seeds(layouts: Mapping[str, Layout], batch: int) -> int:
    """How many seeds fit into `CACHED`, about, in single precision.

    A seed has a number a unit and example, and four a parameter: itself, its gradient and two moments.
    """
    units = sum(shape[0] for own in layouts.values() for shape in own.shapes.values() if len(shape) == 1)
    parameters = sum(own.numel for own in layouts.values())
    return max(1, CACHED // (4 * (batch * units + 4 * parameters)))


@contextmanager
def side_by_side(threads: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` that works on so many threads, each of which has torch compute on itself alone.

    When it gives or raises, no thread is at work any more.
    """
    if threads == 1:
        yield map
        return

    def each(work: Callable[..., Any], *given: Iterable[Any]) -> list[Any]:
        futures = [_pool(threads).submit(work, *own) for own in zip(*given, strict=False)]
        try:
            return [future.result() for future in futures]
        finally:
            wait(futures)

    torch.set_num_threads(1)  # MKL counts threads by process
    try:
        yield each
    finally:
        torch.set_num_threads(threads)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay: a new one has to make oneDNN's products ready again, which takes milliseconds."""
    return ThreadPoolExecutor(threads, initializer=partial(torch.set_num_threads, 1))
