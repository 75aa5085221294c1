"""What the training steps of some seeds are fed with: examples and noise, drawn many steps at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from genbench.engine import streams
from genbench.models.model import Model, Update
from genbench.tasks.task import Task

BLOCK_NUMBERS = 2**20
"""Random numbers a seed draws at once, about; enough to make the draw's own cost vanish."""
MAX_BLOCK_STEPS = 64

Block = tuple[Tensor, list[dict[str, Tensor]]]
"""Data indices (S, steps, repeats, B), and the noise of each update (S, steps, repeats, …)."""


class Feed:
    """Data order and noise of some seeds; what a seed sees does not depend on the others."""

    def __init__(self, model: Model, task: Task, seeds: Sequence[int], batch: int) -> None:
        self.model, self.task, self.seeds, self.batch = model, task, seeds, batch
        self._last: tuple[tuple[int, int], Block] | None = None

    def steps(
        self, phase: int, updates: Sequence[Update], first: int, last: int
    ) -> Iterator[tuple[int, Tensor, list[dict[str, Tensor]]]]:
        """Step, data indices (S, repeats, B) and the noise of each update (S, repeats, …)."""
        length = self._block_steps(updates)
        for block in range(first // length, (last - 1) // length + 1):
            data, drawn = self._block(phase, updates, block, length)
            for step in range(max(first, block * length), min(last, (block + 1) * length)):
                i = step - block * length
                yield step, data[:, i], [{n: t[:, i] for n, t in each.items()} for each in drawn]

    def _block(self, phase: int, updates: Sequence[Update], block: int, length: int) -> Block:
        """Indices and noise of a block of steps; the last one is kept, since a tick may end within it."""
        if self._last is None or self._last[0] != (phase, block):
            self._last = None  # before the next is drawn, which takes as much memory
            self._last = (phase, block), self._drawn(phase, updates, block, length)
        return self._last[1]

    def _drawn(self, phase: int, updates: Sequence[Update], block: int, length: int) -> Block:
        noise = self.model.noise(self.task, self.batch)
        drawn = []
        for u, update in enumerate(updates):
            sources = [streams.generator(self.task.device, s, "noise", phase, u, block) for s in self.seeds]
            drawn.append(streams.draw(noise, sources, (length, update.repeats)))
        return self._indices(updates, block * length, length), drawn

    def _block_steps(self, updates: Sequence[Update]) -> int:
        # A function of model, task and batch alone: a seed's stream must not depend on its company.
        numbers = sum(n.numel for n in self.model.noise(self.task, self.batch).values())
        return max(1, min(MAX_BLOCK_STEPS, BLOCK_NUMBERS // (1 + numbers * sum(u.repeats for u in updates))))

    def _indices(self, updates: Sequence[Update], start: int, length: int) -> Tensor:
        repeats = max(update.repeats for update in updates)
        span = repeats * self.batch
        rows = [order.positions(start * span, (start + length) * span) for order in self._orders]
        return torch.stack(rows).view(len(self.seeds), length, repeats, self.batch)

    @cached_property
    def _orders(self) -> list[streams.DataOrder]:
        return [streams.DataOrder(seed, len(self.task.train), self.task.device) for seed in self.seeds]
