"""What examples are generated from: a class, a point, an image, a text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

ConditionKind = Literal["classes", "points", "images", "tokens"]
_AXES: dict[str, int] = {"classes": 0, "points": 1, "images": 3, "tokens": 1}
"""Axes of one example's condition, by kind."""


def to_float(x: Tensor) -> Tensor:
    """Examples of any shape as float32; bytes of images become numbers in [0, 1]."""
    return x.float().div_(255) if x.dtype == torch.uint8 else x


@dataclass(frozen=True, eq=False)
class Condition:
    """What the examples of a task are generated from, on the task's device.

    Attributes:
        train, held_out: one row an example: classes are integers (n,), points (n, d), images (n, C, H, W) as
            a task holds its own, tokens integers (n, length).
        paired: whether row i belongs to example i; False makes it a second domain, with an order and a length
            of its own, such as photographs that paintings are to be made of.
    """

    kind: ConditionKind
    train: Tensor
    held_out: Tensor
    paired: bool = True

    @cached_property
    def classes(self) -> int:
        """Number of classes; only for conditions that are classes."""
        return 1 + int(max(self.train.max(), self.held_out.max()))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape in which a model sees one condition."""
        return (self.classes,) if self.kind == "classes" else tuple(self.train.shape[1:])

    def given(self, rows: Tensor) -> Tensor:
        """Rows of `train` or `held_out`, (…, *stored shape), as a model sees them, (…, *shape).

        Classes are one-hot and float32, points and images float32, tokens stay integers.
        """
        if self.kind == "classes":
            return one_hot(rows.long(), self.classes).float()
        return rows if self.kind == "tokens" else to_float(rows)

    def problem(self, task: str, examples: tuple[int, int]) -> str | None:
        """Why this cannot condition a task with so many training and held-out examples; None if it can."""
        splits = zip(("training", "held-out"), (self.train, self.held_out), examples, strict=True)
        found = (self._problem_of(f"{part} conditions of {task}", split, n) for part, split, n in splits)
        return next((problem for problem in found if problem), None)

    def _problem_of(self, name: str, split: Tensor, examples: int) -> str | None:
        if split.dim() != 1 + _AXES[self.kind]:
            return f"{name} have the shape {tuple(split.shape)}, which no {self.kind} have"
        if not len(split) or (self.paired and len(split) != examples):
            return f"{name} are {len(split)} for {examples} examples; give one each"
        if split.is_floating_point() and not bool(split.isfinite().all()):
            return f"{name} hold NaN or infinity; repair or remove them"
        if self.kind in ("classes", "tokens") and (split.is_floating_point() or int(split.min()) < 0):
            return f"{name} are not the whole numbers from 0 on that {self.kind} are"
        return None
