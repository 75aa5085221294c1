"""Values of seeds along training as a plain array; frames by the thousand would be slow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd


class SeedTable(NamedTuple):
    """One metric or signal of a run or a method.

    Attributes:
        steps, seeds: ascending, shapes (T,) and (S,).
        values: shape (T, S), NaN where a seed has none.
    """

    steps: np.ndarray
    seeds: np.ndarray
    values: np.ndarray


def seed_tables(frame: pd.DataFrame, kind: str) -> dict[str, SeedTable]:
    """A table for each metric or signal of a tidy frame; of two values of a seed at a step the first counts.

    Args:
        kind: the column that names what was measured, beside step, seed and value.
    """
    if frame.empty:
        return {}
    names, labels = pd.factorize(frame[kind])
    columns = [frame[name].to_numpy() for name in ("step", "seed", "value")]
    return {str(label): _table(*(c[names == code] for c in columns)) for code, label in enumerate(labels)}


def _table(step: np.ndarray, seed: np.ndarray, value: np.ndarray) -> SeedTable:
    steps, row = np.unique(step, return_inverse=True)
    seeds, column = np.unique(seed, return_inverse=True)
    values = np.full((len(steps), len(seeds)), np.nan)
    values[row[::-1], column[::-1]] = value[::-1]  # the first one is written last
    return SeedTable(steps, seeds, values)
