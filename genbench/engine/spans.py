"""Phases with the steps that they take of a budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from genbench.models.model import Assign, Phase, Update
from genbench.types import InputError


class Span(NamedTuple):
    """A phase with the steps that it takes, from `start` up to `end`."""

    start: int
    end: int
    phase: Phase

    @property
    def updates(self) -> Sequence[Update | Assign]:
        return self.phase.updates

    @property
    def repeats(self) -> int:
        """Batches of a step: as many as the update that repeats most often takes."""
        return max((u.repeats for u in self.updates if not u.whole), default=0)


def spans(phases: Sequence[Phase], steps: int) -> list[Span]:
    """Phases one after the other within so many steps; what fixed lengths leave is divided by shares.

    Raises:
        InputError: see `check_optimizers`.
    """
    total = sum(p.share for p in phases if p.steps is None)
    divided = max(0, steps - sum(p.steps or 0 for p in phases))
    fixed, done, found = 0, 0.0, list[Span]()
    for phase in phases:
        check_optimizers(phase)
        start = found[-1].end if found else 0
        fixed, done = fixed + (phase.steps or 0), done + (phase.share if phase.steps is None else 0.0)
        end = fixed + (round(divided * done / total) if total else 0)
        found.append(Span(start, min(end, steps), phase))
    return found


def check_optimizers(phase: Phase) -> None:
    """Refuse optimisers of one player in one phase that remember different things.

    Raises:
        InputError: there are such.
    """
    known: dict[str, set[str]] = {}
    for update in phase.updates:
        for player, optimizer in update.optimizers.items() if isinstance(update, Update) else ():
            remembered = set(optimizer.init(torch.zeros(1)))
            if known.setdefault(player, remembered) != remembered:
                raise InputError(
                    f"two updates of phase {phase.name!r} move {player} by optimisers of different kinds, "
                    "which cannot share their state; use one kind, or two phases"
                )
