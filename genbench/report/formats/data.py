"""A leaderboard for programs: its rows, and those of real data and the trivial sampler."""

from __future__ import annotations

import json
import math

import pandas as pd

from genbench.report.references import with_references


def as_csv(board: pd.DataFrame) -> str:
    """The rows of a leaderboard and its references; what is unknown is empty, flags are one text."""
    return flat(with_references(board)).to_csv(index=False)


def as_json(board: pd.DataFrame) -> str:
    """The rows of a leaderboard and its references, as objects; what is unknown or not finite is null."""
    rows = with_references(board)
    known = rows.astype(object).where(rows.notna(), None)
    plain = [{key: _finite(value) for key, value in row.items()} for row in known.to_dict("records")]
    return json.dumps(plain, indent=1, allow_nan=False)


def flat(board: pd.DataFrame) -> pd.DataFrame:
    """A frame of scores whose cells are all plain: flags are one text, separated by ``; ``."""
    if "flags" not in board:
        return board
    texts = ["; ".join(own) if isinstance(own, tuple | list) else "" for own in board["flags"]]
    return board.assign(flags=texts)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
