"""What a model is trained on and measured against: data, held-out split, exact truth where there is one."""

from __future__ import annotations

import abc
import copy
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self, TypeVar

import torch
from torch import Tensor

from genbench.tasks.condition import Condition, to_float
from genbench.types import InputError

T = TypeVar("T")


class Truth(abc.ABC):
    """The distribution the data come from, where it is known exactly."""

    @abc.abstractmethod
    def log_density(self, x: Tensor) -> Tensor:
        """Natural logarithm of the density at `x`, shape (n, d) → (n,)."""

    @abc.abstractmethod
    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """`n` independent float32 samples, shape (n, d), on the truth's device.

        The numbers are drawn where `generator` lives, so a CPU generator gives the same points everywhere.
        """

    def to(self, device: torch.device | str) -> Self:
        """The same distribution with its tensors on `device`."""
        return _moved(self, device)


@dataclass(frozen=True, eq=False)
class Task:
    """Data that live on one device, indexed rather than loaded.

    Attributes:
        train, held_out: shape (n, *shape). Points are float32 in their own units. Images are (C, H, W),
            either float32 in [0, 1] or uint8 in [0, 255]; `to_float` gives both as float32.
        truth: the exact distribution; None where only data are known.
        train_labels, held_out_labels: integer classes, shape (n,), where there are any.
        condition: what a model is told of each example; None for unconditional tasks.
        levels: number of evenly spaced values that a coordinate in [0, 1] takes, such as 256 grey levels, for
            bits per dimension; None where data are continuous.
        factors: true factors of variation of the held-out examples by name, shape (n,) each, where known.
        metrics: names of the scores taken by default, protocol included; the first one ranks.
        ranked_by: names of scores whose normalised mean ranks in place of the first one, where one score
            alone misleads.
        classifier: name of the shipped classifier whose features suit these images.
    """

    name: str
    kind: Literal["points", "images"]
    train: Tensor
    held_out: Tensor
    metrics: tuple[str, ...]
    truth: Truth | None = None
    train_labels: Tensor | None = None
    held_out_labels: Tensor | None = None
    classifier: str | None = None
    condition: Condition | None = None
    levels: int | None = None
    factors: Mapping[str, Tensor] = field(default_factory=dict)
    ranked_by: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return tuple(self.train.shape[1:])

    @property
    def dim(self) -> int:
        """Numbers in one example."""
        return self.train[0].numel()

    @property
    def condition_shape(self) -> tuple[int, ...]:
        """Shape in which a model sees one condition; (0,) where nothing is given."""
        return (0,) if self.condition is None else self.condition.shape

    @property
    def device(self) -> torch.device:
        return self.train.device

    def to_float(self, x: Tensor) -> Tensor:
        """Stored examples (…, *shape) as float32, images in [0, 1]."""
        return to_float(x)

    def conditions(self, rows: Tensor | None) -> Tensor:
        """The training conditions of rows (…), all in order for None, as a model sees them: (…, *shape).

        Width 0 without conditions, so that they can be joined to noise or data in either case.
        """
        if self.condition is None:
            shape = (len(self.train),) if rows is None else tuple(rows.shape)
            return torch.zeros(*shape, 0, device=self.device)
        train = self.condition.train
        return self.condition.given(train if rows is None else train[rows])

    def asked_rows(self, n: int) -> Tensor:
        """Which held-out conditions `n` samples are asked for, shape (n,): a fixed order, again and again."""
        known = len(self.held_out) if self.condition is None else len(self.condition.held_out)
        order = torch.randperm(known, generator=torch.Generator().manual_seed(0))
        return order.repeat(-(-n // known))[:n].to(self.device)

    def asked(self, n: int) -> Tensor:
        """What `n` samples are asked for, as a model sees it: (n, *condition shape), or (n, 0) without."""
        if self.condition is None:
            return torch.zeros(n, 0, device=self.device)
        return self.condition.given(self.condition.held_out[self.asked_rows(n)])

    def checksum(self) -> str:
        """SHA-256 of both splits, then of labels, conditions and factors if there are any, after a hyphen.

        Two runs compare only if theirs are equal; see `types.same_data` for records without the second part.
        """
        return self._checksum

    @functools.cached_property
    def _checksum(self) -> str:
        examples = _digest({"": self.train, " ": self.held_out})
        condition = self.condition
        given = {"condition": condition.train, "asked": condition.held_out} if condition else {}
        labels = {"labels": self.train_labels, "held out": self.held_out_labels}
        known = {name: t for name, t in labels.items() if t is not None} | given | dict(self.factors)
        return f"{examples}-{_digest(known)}" if known else examples

    def check(self) -> None:
        """Refuse data that no model can be trained on, or no picture shows; one pass over them.

        Raises:
            InputError: an example holds NaN or infinity, and is named; or examples are neither points of two
                or more coordinates nor images of one or three channels.
        """
        drawn = self.shape[0] in (1, 3) if len(self.shape) == 3 else self.shape != (1,)
        if len(self.shape) != {"points": 1, "images": 3}[self.kind] or not drawn:
            wanted = "points are (d,) with d at least 2, images (C, H, W) with one or three channels"
            raise InputError(f"{self.kind} of {self.name} have the shape {self.shape}; {wanted}")
        for part, split in (("training", self.train), ("held-out", self.held_out)):
            sound = split.flatten(1).isfinite().all(1) if split.is_floating_point() else None
            if sound is not None and not bool(sound.all()):
                where = f"{part} example {int(sound.long().argmin())} of {self.name}"
                raise InputError(f"{where} holds NaN or infinity; repair or remove it, and its like")
        sizes = len(self.train), len(self.held_out)
        if self.condition and (problem := self.condition.problem(self.name, sizes)):
            raise InputError(problem)

    def to(self, device: torch.device | str) -> Task:
        """The same task with its tensors, and its truth's, on `device`."""
        return _moved(self, device)


def _moved(record: T, device: torch.device | str) -> T:
    """A copy of `record` whose tensors, and those of truths, conditions and factors, lie on `device`."""
    copied = copy.copy(record)
    for name, value in vars(record).items():
        if isinstance(value, Tensor | Truth):
            vars(copied)[name] = value.to(device)
        elif isinstance(value, Condition):
            vars(copied)[name] = _moved(value, device)
        elif name == "factors":
            vars(copied)[name] = {factor: t.to(device) for factor, t in value.items()}
    return copied


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(f"{name.strip()}{(tensor.dtype, tuple(tensor.shape))}".encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
