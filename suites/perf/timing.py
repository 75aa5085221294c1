"""Times that mean something on a machine that others use as well: processor time, ratios, alternation."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Work = Callable[[], object]
Clock = Callable[[], float]

SAMPLED = (0.0, (5, 300, 0.4), 3)
"""asv's `warmup_time`, `repeat`, `rounds`: single calls for 0.4 s, at least 5 of them, in three processes.

Many short samples are better than few long ones: on a machine that others use as well, the least of 300
single milliseconds varied by 6 % where the least of a dozen samples of 30 ms varied by 40 %.
"""

ROUNDS, SIDE_SECONDS = 5, 0.05
"""How often two sides take turns, and how long a side lasts in each, at least."""


def seconds(work: Work, least: float | None = None, clock: Clock = time.process_time) -> float:
    """Seconds a call takes, over so many calls that they take `least` seconds together, or `SIDE_SECONDS`."""
    least = SIDE_SECONDS if least is None else least
    calls, started = 0, clock()
    while (taken := clock() - started) < least or not calls:
        work()
        calls += 1
    return taken / calls


def alternated(
    first: Work,
    second: Work,
    rounds: int | None = None,
    least: float | None = None,
    clock: Clock = time.process_time,
) -> tuple[float, float]:
    """Seconds a call of each, the best of `rounds` in which they take turns; both are called once before."""
    first(), second()
    times = [(seconds(first, least, clock), seconds(second, least, clock)) for _ in range(rounds or ROUNDS)]
    return min(t[0] for t in times), min(t[1] for t in times)


def ratio(ours: Work, theirs: Work, rounds: int | None = None, least: float | None = None) -> float:
    """Time of ours over time of theirs: the median of the ratios of adjacent measurements."""
    ours(), theirs()
    return statistics.median(seconds(ours, least) / seconds(theirs, least) for _ in range(rounds or ROUNDS))
