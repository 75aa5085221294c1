"""What the training steps of some seeds are fed with: examples and noise, drawn many steps at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from genbench.engine import streams
from genbench.engine.spans import Span
from genbench.models.model import Assign, Batch, Update
from genbench.tasks.task import Task

BLOCK_NUMBERS = 2**20
"""Random numbers a seed draws at once, about; enough to make the draw's own cost vanish."""
MAX_BLOCK_STEPS = 64


class _Block(NamedTuple):
    """A block of steps.

    Attributes:
        data, conditions: indices, shape (S, steps, repeats, B); conditions have their own where unpaired.
        noise: of each update, shape (S, steps, repeats, B, …).
    """

    data: Tensor
    conditions: Tensor
    noise: Sequence[Mapping[str, Tensor]]


class Step:
    """One training step's data and noise, of which each update takes its own batches."""

    def __init__(self, source: Batches, span: Span, step: int, block: _Block, at: int) -> None:
        self.number, self._source, self._block, self._at = step, source, block, at
        share = (step - span.start) / (span.end - span.start)
        self.progress = torch.full((), share, device=source.task.device)
        self._examples: dict[int, tuple[Tensor, Tensor]] = {}

    def batch(self, u: int, update: Update | Assign, again: int) -> Batch:
        """What the update number `u` sees the `again`-th time in this step, seeds in front."""
        noise = {name: drawn[:, self._at, again] for name, drawn in self._block.noise[u].items()}
        x, c = self._source.everything if update.whole else self._gathered(again)
        return Batch(x, c, noise, self.progress)

    def _gathered(self, again: int) -> tuple[Tensor, Tensor]:
        if again not in self._examples:
            task = self._source.task
            data, conditions = (i[:, self._at, again] for i in (self._block.data, self._block.conditions))
            self._examples[again] = task.to_float(task.train[data]), task.conditions(conditions)
        return self._examples[again]


class Batches:
    """Data order and noise of some seeds; what a seed sees does not depend on the others."""

    def __init__(self, task: Task, seeds: Sequence[int], batch: int) -> None:
        self.task, self.seeds, self.batch = task, seeds, batch
        self._last: tuple[tuple[int, int], _Block] | None = None

    @cached_property
    def everything(self) -> tuple[Tensor, Tensor]:
        """All training examples (N, …) and their conditions, the same for all seeds."""
        return self.task.to_float(self.task.train), self.task.conditions(None)

    def steps(self, number: int, span: Span, first: int, last: int) -> Iterator[Step]:
        """The steps from `first` up to `last` of the phase of that number."""
        length = self._block_steps(span)
        for block in range(first // length, (last - 1) // length + 1):
            drawn = self._block(number, span, block, length)
            for step in range(max(first, block * length), min(last, (block + 1) * length)):
                yield Step(self, span, step, drawn, step - block * length)

    def _block(self, number: int, span: Span, block: int, length: int) -> _Block:
        """Indices and noise of a block of steps; the last one is kept, since a tick may end within it."""
        if self._last is None or self._last[0] != (number, block):
            self._last = None  # before the next is drawn, which takes as much memory
            self._last = (number, block), self._drawn(number, span, block, length)
        return self._last[1]

    def _drawn(self, number: int, span: Span, block: int, length: int) -> _Block:
        noise = []
        for u, update in enumerate(span.updates):
            sources = [streams.generator(self.task.device, s, "noise", number, u, block) for s in self.seeds]
            noise.append(streams.draw(update.noise, sources, (length, update.repeats, self._size(update))))
        data = self._indices(self._orders, span, block * length, length)
        condition = self.task.condition
        own = condition is not None and not condition.paired
        indices = self._indices(self._condition_orders, span, block * length, length) if own else data
        return _Block(data, indices, noise)

    def _size(self, update: Update | Assign) -> int:
        """Examples that one evaluation of an update sees."""
        return len(self.task.train) if update.whole else self.batch

    def _block_steps(self, span: Span) -> int:
        # A function of model, task and batch alone: a seed's stream must not depend on its company.
        sizes = {name: n.numel * self._size(u) for u in span.updates for name, n in u.noise.items()}
        numbers = sum(sizes.values()) * sum(u.repeats for u in span.updates if u.noise)
        return max(1, min(MAX_BLOCK_STEPS, BLOCK_NUMBERS // (1 + numbers)))

    def _indices(self, orders: Sequence[streams.DataOrder], span: Span, start: int, length: int) -> Tensor:
        size = span.repeats * self.batch
        if not size:
            return torch.zeros(len(self.seeds), length, 0, self.batch, dtype=torch.long)
        rows = [order.positions(start * size, (start + length) * size) for order in orders]
        return torch.stack(rows).view(len(self.seeds), length, span.repeats, self.batch)

    @cached_property
    def _orders(self) -> list[streams.DataOrder]:
        return [streams.DataOrder(seed, len(self.task.train), self.task.device) for seed in self.seeds]

    @cached_property
    def _condition_orders(self) -> list[streams.DataOrder]:
        condition = self.task.condition
        assert condition is not None
        examples = len(condition.train)
        return [streams.DataOrder(s, examples, self.task.device, "condition") for s in self.seeds]
