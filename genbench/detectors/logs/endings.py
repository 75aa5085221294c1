"""Whether what a log holds ends in numbers that are not finite."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.detectors.logs.names import is_loss

Floats = NDArray[np.float64]
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
    onset = _stated(values, written)
    if loss and len(values) - first > gap:
        onset = first if onset is None else min(first, onset)
    if loss or onset is not None:
        before = known if onset is None else known[known < onset]
        yield seed, int(steps[before[-1] if len(before) else 0]), FINITE, 1.0
    if onset is not None:
        yield seed, int(steps[onset]), FINITE, 0.0


def _stated(values: Floats, written: NDArray[np.bool_]) -> int | None:
    """Where it begins that what was written is not finite, if it never is for long again.

    Three finite values in a row are a recovery. One now and then is none where a third is not finite, as
    where two runs write into one log.
    """
    where = np.flatnonzero(written)
    sound = np.isfinite(values[where])
    recovered = np.flatnonzero(sound[2:] & sound[1:-1] & sound[:-2])
    start = int(recovered[-1]) + 3 if len(recovered) else 0
    bad = ~sound[start:]
    if not bad.any() or not (bad[-1] or (bad.sum() >= 3 and bad.mean() >= 1 / 3)):
        return None
    return int(where[start + int(bad.argmax())])
