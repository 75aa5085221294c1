"""Whether what a log holds ends in numbers that are not finite."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from genbench.detectors.logs.names import is_loss

FINITE = "run/finite"


def finite(frame: pd.DataFrame) -> pd.DataFrame:
    """`run/finite` of every run: 1 where all was well, 0 from where a signal stays not finite.

    Of losses and norms of gradients an empty end counts, if it is longer than any gap before; of all others
    only what was written there.

    Args:
        frame: seed, step, signal, value, written; rows in the order of time.
    """
    if FINITE in set(frame["signal"]):
        return pd.DataFrame(columns=["seed", "step", "signal", "value"])
    groups = frame.groupby(["seed", "signal"], sort=False)
    rows = [row for (_, name), group in groups for row in _end(group, is_loss(str(name)))]
    return pd.DataFrame(rows, columns=["seed", "step", "signal", "value"])


def _end(signal: pd.DataFrame, loss: bool) -> Iterator[tuple[int, int, str, float]]:
    values, steps = signal["value"].to_numpy(float), signal["step"].to_numpy()
    seed, written = int(signal["seed"].iloc[0]), signal["written"].to_numpy(bool)
    known = np.flatnonzero(np.isfinite(values))
    if not loss and not len(known):
        return
    gap = int(np.diff(known).max()) if len(known) > 1 else 1
    first = int(known[-1]) + 1 if len(known) else 0
    stated = written[first:]
    bad = bool(stated.any()) or (loss and len(values) - first > gap)
    if loss or bad:
        yield seed, int(steps[max(first - 1, 0)]), FINITE, 1.0
    if bad:
        yield (
            seed,
            int(steps[first + (int(stated.argmax()) if len(values) - first <= gap else 0)]),
            FINITE,
            0.0,
        )
