"""Limits of the rules, and what healthy runs scored, from one data file."""

from __future__ import annotations

import functools
import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

ENOUGH = 50
"""Healthy runs without which a rule has no p-value, and what it finds is no failure."""


@dataclass(frozen=True)
class Limit:
    """Where a rule says that something is wrong.

    Attributes:
        healthy: scores of calibration runs that had not failed in this way, sorted.
    """

    value: float
    healthy: tuple[float, ...] = ()

    def p_value(self, score: float) -> float | None:
        """(1 + healthy runs that score no less) / (n + 1) (Vovk et al. 2005); None if there are too few."""
        if len(self.healthy) < ENOUGH:
            return None
        below = bisect_left(self.healthy, score)
        return (1 + len(self.healthy) - below) / (len(self.healthy) + 1)


@functools.cache
def limits() -> Mapping[str, Limit]:
    """Rule → its limit."""
    rules = _content()["rules"]
    return {name: Limit(rule["limit"], tuple(rule["healthy"])) for name, rule in rules.items()}


def provenance() -> Mapping[str, Any]:
    """Where the limits come from: how many runs of which conditions, and when they were frozen."""
    return dict(_content()["provenance"])


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files("genbench.detectors").joinpath("calibration.json").read_text())
    return content
