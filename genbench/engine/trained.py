"""An ensemble that is trained, and its nets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from genbench.engine.ensemble import Ensemble, State
from genbench.models.model import Model, Nets
from genbench.tasks.task import Task


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained ensemble, whose nets can be used seed by seed."""

    ensemble: Ensemble
    state: State

    @classmethod
    def of(cls, model: Model, task: Task, seeds: int, steps: int, batch: int) -> Trained:
        """Train the seeds 0 … `seeds` − 1 at once."""
        ensemble = Ensemble(model, task, tuple(range(seeds)), steps, batch)
        state = ensemble.initial()
        ensemble.advance(state, steps)
        return Trained(ensemble, state)

    @cached_property
    def nets(self) -> list[Nets]:
        """The nets of each seed."""
        return [self.ensemble.nets(self.state, row) for row in range(len(self.ensemble.seeds))]

    @torch.no_grad()
    def module(self, player: str, row: int) -> Any:
        """The net of one seed as a module of its own."""
        made = self.ensemble.model.nets(self.ensemble.task)[player]
        parts = self.ensemble.layouts[player].split(self.state.players[player][row])
        for own, trained in zip(made.parameters(), parts, strict=True):
            own.copy_(trained)
        return made
