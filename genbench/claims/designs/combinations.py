"""Tables of every combination of some levels."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import pandas as pd


def every(**levels: Iterable[Hashable]) -> pd.DataFrame:
    """A row a combination, a column each; the last varies fastest."""
    return pd.MultiIndex.from_product(list(levels.values()), names=list(levels)).to_frame(index=False)
