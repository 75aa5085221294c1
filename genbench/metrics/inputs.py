"""What sample metrics share about their inputs: checks, reference splits, and values kept between metrics."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from genbench.metrics.metric import Subject
from genbench.tasks.task import Task
from genbench.types import InputError

Features = Tensor | NDArray[Any]
"""What public functions take: rows of numbers of either library."""

_CHUNK = 4096
"""Rows checked at once: a check of all would copy them all."""

K = TypeVar("K")
P = ParamSpec("P")
R = TypeVar("R")


def as_features(x: Features, what: str, least: int = 1) -> Tensor:
    """`x` as finite floating-point rows, shape (n, …) → (n, d); half precision is widened to float32.

    Args:
        what: how an error names `x`.
        least: fewest rows that the metric is defined for.

    Raises:
        InputError: too few rows, no columns, or values that are not finite.
    """
    x = torch.as_tensor(x)
    if x.ndim < 1 or len(x) < least:
        raise InputError(f"{what}: {len(x) if x.ndim else 0} given, give at least {least}")
    flat = x.reshape(len(x), -1)
    flat = flat if flat.dtype == torch.float64 else flat.float()
    if not flat.shape[1]:
        raise InputError(f"{what}: the rows have no columns, give at least one")
    broken = sum(_broken(part) for part in flat.split(_CHUNK))
    if broken:
        raise InputError(f"{what}: {broken} of {len(flat)} are not finite; mend the model or leave them out")
    return flat


def _broken(x: Tensor) -> int:
    """How many rows are not finite; their extremes tell, in a tenth of the time that all entries take."""
    extremes = x.amin(dim=1).isfinite() & x.amax(dim=1).isfinite()
    return len(x) - int(extremes.sum())


def feature_pair(x: Features, y: Features, least: int = 2) -> tuple[Tensor, Tensor]:
    """Two sets of rows in the same space, precision and place, each checked by `as_features`.

    Shapes (n, …), (m, …) → (n, d), (m, d).

    Raises:
        InputError: as `as_features`, or the sets differ in their number of columns.
    """
    a, b = as_features(x, "rows of the first set", least), as_features(y, "rows of the second set", least)
    if a.shape[1] != b.shape[1]:
        raise InputError(
            f"the sets have {a.shape[1]} and {b.shape[1]} columns; give features of one extractor"
        )
    dtype = torch.promote_types(a.dtype, b.dtype)
    return a.to(dtype), b.to(a.device, dtype)


def cached(compute: Callable[Concatenate[K, P], R]) -> Callable[Concatenate[K, P], R]:
    """Decorator: remember the result for as long as the first argument, a task or a subject, lives."""
    memory: weakref.WeakKeyDictionary[Any, dict[Any, R]] = weakref.WeakKeyDictionary()

    @functools.wraps(compute)
    def remembered(owner: K, *args: P.args, **options: P.kwargs) -> R:
        known = memory.setdefault(owner, {})
        key = (args, tuple(sorted(options.items())))
        if key not in known:
            known[key] = compute(owner, *args, **options)
        return known[key]

    return remembered


@cached
def reference(task: Task, n: int) -> Tensor:
    """`n` training examples in [0, 1] or their own units, all if there are fewer: a fixed random choice.

    Shape (n, *task.shape).
    """
    return _choice(task, task.train, n)


@cached
def held_out(task: Task, n: int) -> Tensor:
    """`n` held-out examples, all if there are fewer: what a perfect sampler would produce.

    Shape (n, *task.shape).
    """
    return _choice(task, task.held_out, n)


def ideal(task: Task) -> Subject:
    """The subject whose samples are held-out examples: it scores what real data do."""
    return Subject(task, lambda n: held_out(task, n))


def samples(subject: Subject, n: int) -> Tensor:
    """The `n` samples of a protocol, on the device of the task's data, shape (n, *task.shape).

    Raises:
        InputError: they have another shape than the task's examples, or are not finite.
    """
    x = subject.draw(n).to(subject.task.device)
    if tuple(x.shape[1:]) != subject.task.shape:
        raise InputError(
            f"samples have shape {tuple(x.shape[1:])}, {subject.task.name} needs {subject.task.shape}"
        )
    as_features(x, f"samples for {subject.task.name}")
    return x


def never_refuses(subject: Subject) -> None:
    """`Metric.refuses` of a metric that scores every subject."""
    return


def _choice(task: Task, split: Tensor, n: int) -> Tensor:
    """Which rows does not depend on the device; a split may be ordered by class, so they are shuffled."""
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(0))[:n]
    return task.to_float(split[order.to(split.device)])
