"""Any directory, or zip archive, of images as a task."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from itertools import takewhile
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from genbench.registry import tasks
from genbench.tasks.pictures import SUFFIXES, Picture, decode, open_pictures
from genbench.tasks.sources import data_directory
from genbench.tasks.task import Task
from genbench.types import InputError

Names = tuple[str, ...]


@tasks.register("folder", kind="images")
def folder(
    path: Path,
    size: PositiveInt = 32,
    channels: Literal[1, 3] = 3,
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.1,
    *,
    data_dir: Path | None = None,
) -> Task:
    """Your own images: any folder or zip archive, with or without a subfolder for each class.

    Folders that hold everything else are ignored. If ``train`` and ``test`` are there then, they are the
    split and other top-level entries are left out; otherwise the images whose names hash lowest are held
    out, the same ones on every machine. The first folder that remains is the class.

    Args:
        path: folder or zip archive; a relative one is looked for in the working directory first, then in
            the data directory.
        size: pixels a side; images are cut to their central square and resampled.
        channels: 3 for colour, 1 for grey.
        held_out: share of the images held out, where ``train`` and ``test`` do not say.

    Raises:
        InputError: nothing is there, there are fewer than two images, or one of them cannot be read.
    """
    with open_pictures(_located(path, data_dir)) as pictures:
        train, test = _split(pictures, held_out, path)
        images = [decode([picture for picture, _ in part], size, channels) for part in (train, test)]
    labels = _labels([name for _, name in train + test])
    return Task(
        name="folder",
        kind="images",
        train=images[0],
        held_out=images[1],
        metrics=("sliced_wasserstein@10k" if len(train) >= 10_000 else "sliced_wasserstein@1k",),
        train_labels=None if labels is None else labels[: len(train)],
        held_out_labels=None if labels is None else labels[len(train) :],
        levels=256,
    )


def _located(path: Path, data_dir: Path | None) -> Path:
    beside = data_directory(data_dir) / path
    for candidate in (path, beside):
        if candidate.exists():
            return candidate
    raise InputError(f"no folder or zip archive is at {path} nor at {beside}; check the option 'path'")


Part = list[tuple[Picture, Names]]
"""Pictures with their names below the folder that splits or holds them."""


def _split(pictures: Sequence[Picture], share: float, where: Path) -> tuple[Part, Part]:
    """Training and held-out part, each in the order of names."""
    if len(pictures) < 2:
        suffixes = ", ".join(sorted(SUFFIXES))
        raise InputError(f"{where} holds {len(pictures)} images, give two at least; known are {suffixes}")
    levels = zip(*(picture.path[:-1] for picture in pictures), strict=False)
    shared = len(list(takewhile(lambda level: len(set(level)) == 1, levels)))
    named = [(picture, picture.path[shared:]) for picture in pictures]
    if {"train", "test"} <= {name[0] for _, name in named if len(name) > 1}:
        return _below("train", named), _below("test", named)
    count = min(max(1, round(share * len(named))), len(named) - 1)
    ranked = sorted(named, key=lambda pair: _hash(pair[1]))
    return sorted(ranked[count:], key=itemgetter(1)), sorted(ranked[:count], key=itemgetter(1))


def _below(top: str, named: Part) -> Part:
    return [(picture, name[1:]) for picture, name in named if name[0] == top and len(name) > 1]


def _hash(name: Names) -> bytes:
    return hashlib.sha256(os.fsencode("/".join(name))).digest()


def _labels(names: Sequence[Names]) -> Tensor | None:
    """Index of each image's class in the sorted class names; None unless every image is in a class folder."""
    if any(len(name) < 2 for name in names):
        return None
    classes = sorted({name[0] for name in names})
    index = {name: i for i, name in enumerate(classes)}
    return torch.tensor([index[name[0]] for name in names])
