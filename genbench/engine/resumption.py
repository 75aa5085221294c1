"""What earlier tries of a run have left in its folder, up to their last sound checkpoint."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch

from genbench.engine import checkpoint
from genbench.engine.signals import FINITE
from genbench.engine.state import State
from genbench.store import RunFolder
from genbench.types import InputError, Record, Score


@dataclass(frozen=True)
class Earlier:
    """A run as it stood at a checkpoint.

    Attributes:
        trace: rows of its ticks so far.
        cost: as in a record; empty if it was not measured.
        evaluation_seconds: time that scoring has taken.
    """

    state: State
    trace: pd.DataFrame
    scores: list[Score]
    cost: Mapping[str, Any]
    evaluation_seconds: float

    def stopped(self, seeds: Sequence[int]) -> set[int]:
        """Those of the seeds that a detector has stopped: they ended, and their numbers were finite."""
        broken = set(self.trace[(self.trace.signal == FINITE) & (self.trace.value == 0)].seed)
        died = zip(seeds, self.state.died.tolist(), strict=True)
        return {seed for seed, at in died if at >= 0 and seed not in broken}


def resume(folder: RunFolder, key: str, device: torch.device) -> Earlier | None:
    """What to go on from; None if nothing was saved. `key` names the configuration.

    Raises:
        InputError: there are checkpoints, and none can be used, or what belongs to them is damaged.
    """
    state = checkpoint.newest(folder, key, device)
    if state is None:
        return None
    if state.of_earlier_version:
        raise InputError(f"{folder.path} was begun by an earlier version; delete it to start this run again")
    trace = folder.read_trace()
    scores = [score for score in folder.read_scores() if score.step <= state.step]
    record = _record(folder)
    seconds = 0.0 if record is None else float(record.seconds.get("evaluation", 0.0))
    return Earlier(
        state, trace[trace.step <= state.step], scores, {} if record is None else record.cost, seconds
    )


def _record(folder: RunFolder) -> Record | None:
    with contextlib.suppress(InputError):  # it is written last, and may not have been
        return folder.read_record()
    return None
