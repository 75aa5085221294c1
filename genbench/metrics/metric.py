"""What a metric is: a named protocol that turns a trained model into an `Estimate`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import Estimate, InputError, Scale


@dataclass(frozen=True, eq=False)
class Subject:
    """What is scored: one seed of a trained model, or samples that somebody else made.

    Two subjects are never equal, so that features of one can be kept for the next metric.

    Attributes:
        draw: the first n samples of a fixed bank, shape (n, *task.shape), images in [0, 1].
        asked: what the first n samples were asked for, shape (n, *condition shape); None where nobody knows,
            as of bare samples.
        model, nets: the model and its trained nets; None for bare samples.
    """

    task: Task
    draw: Callable[[int], Tensor]
    model: Any = None
    nets: Any = None
    asked: Callable[[int], Tensor] | None = None


@dataclass(frozen=True)
class Metric:
    """One protocol.

    Attributes:
        name: with the protocol, such as ``modes@2500``; a changed protocol is a new name.
        better: which direction is good.
        estimate: the computation.
        refuses: why the metric cannot score this subject, or None. It is asked before `estimate`.
        samples: how many samples the protocol draws; 0 if it needs none.
        real: what real data score: the metric of held-out examples, as a perfect sampler would make them;
            None where that has no meaning.
        scale: where differences of the score are compared; logarithms for distances, which are never
            negative and whose spread grows with them.
    """

    name: str
    better: Literal["higher", "lower"]
    estimate: Callable[[Subject], Estimate]
    refuses: Callable[[Subject], str | None]
    samples: int = 0
    real: Callable[[Task], Estimate] | None = None
    scale: Scale = "identity"


COUNT = re.compile(r"(?P<digits>0*[1-9][0-9]{0,11})(?P<thousands>k?)")
"""The digits of ASCII alone: Python also calls ² a digit, and makes no number of it."""


def count(protocol: str) -> int:
    """Sample count of a protocol suffix: ``"2500"`` → 2500, ``"10k"`` → 10000."""
    found = COUNT.fullmatch(protocol)
    if found is None:
        raise InputError(f"{protocol!r} is no sample count; write for example 2500 or 10k")
    return int(found["digits"]) * (1000 if found["thousands"] else 1)


def label(n: int) -> str:
    """Protocol suffix of a sample count, the inverse of `count`: 10000 → ``"10k"``, 2500 → ``"2500"``."""
    return f"{n // 1000}k" if n % 1000 == 0 else str(n)


def named(name: str) -> Metric:
    """The metric that `name` asks for.

    ``frechet_lenet@10k`` sets the option `n` of `frechet_lenet`, and ``frechet_file:net.pt@10k`` the option
    `path` of `frechet_file` too.

    Raises:
        InputError: no metric has that name, or it takes no such option.
    """
    front, at, protocol = name.rpartition("@") if "@" in name else (name, "", "")
    base, colon, path = front.partition(":")
    options = ({"n": count(protocol)} if at else {}) | ({"path": path} if colon else {})
    metric: Metric = metrics[base].create(**options)
    return metric
