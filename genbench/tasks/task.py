"""What a model is trained on and measured against: data, held-out split, exact truth where there is one."""

from __future__ import annotations

import abc
import copy
import functools
import hashlib
from dataclasses import dataclass
from typing import Literal, Self, TypeVar

import torch
from torch import Tensor

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
        metrics: names of the scores taken by default, protocol included.
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

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return tuple(self.train.shape[1:])

    @property
    def dim(self) -> int:
        """Numbers in one example."""
        return self.train[0].numel()

    @property
    def device(self) -> torch.device:
        return self.train.device

    def to_float(self, x: Tensor) -> Tensor:
        """Stored examples as float32, images in [0, 1], in the shape (…, *shape) that they have."""
        return x.float().div_(255) if x.dtype == torch.uint8 else x

    def checksum(self) -> str:
        """SHA-256 of both splits: two runs compare only if theirs are equal."""
        return self._checksum

    @functools.cached_property
    def _checksum(self) -> str:
        digest = hashlib.sha256()
        for split in (self.train, self.held_out):
            digest.update(str((split.dtype, tuple(split.shape))).encode())
            digest.update(split.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

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

    def to(self, device: torch.device | str) -> Task:
        """The same task with its tensors, and its truth's, on `device`."""
        return _moved(self, device)


def _moved(record: T, device: torch.device | str) -> T:
    """A copy of `record` whose tensors, and those of truths within it, lie on `device`."""
    moved = copy.copy(record)
    fields = vars(record).items()
    vars(moved).update({name: v.to(device) for name, v in fields if isinstance(v, Tensor | Truth)})
    return moved
