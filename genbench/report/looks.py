"""The pictures that a run keeps of its samples, and those around the onset of a failure."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PIL import Image

from genbench.report.pictures import Box, box_of
from genbench.store import Place, RunFolder
from genbench.store.place import read
from genbench.types import Record, Verdict

_STEP = re.compile(r"step-(\d+)\.png")


class Look(NamedTuple):
    """What one seed made at a step, and whether that was before or after a failure began."""

    title: str
    picture: Image.Image


def kept(folder: RunFolder) -> dict[int, Place]:
    """Pictures of a run's samples by step, ascending."""
    found = (_STEP.fullmatch(path.name) for path in (folder.path / "samples").glob("step-*.png"))
    return dict(sorted((int(match[1]), folder.path / "samples" / match[0]) for match in found if match))


class Crop(NamedTuple):
    """The part of a kept picture that one seed made.

    Attributes:
        size: width and height of the whole picture.
    """

    title: str
    step: int
    size: tuple[int, int]
    box: Box


def before_and_after(folder: RunFolder, record: Record, verdict: Verdict) -> list[Look]:
    """The seed's samples at the looks that `crops` chooses."""
    pictures = kept(folder)
    return [_look(pictures[crop.step], crop) for crop in crops(pictures, record, verdict)]


def crops(pictures: Mapping[int, Place], record: Record, verdict: Verdict) -> list[Crop]:
    """Where the seed's samples are in the last picture before a finding's onset and in the first after it.

    Looks are few and spread on a logarithmic scale, so they may lie far from the onset; one that does not
    exist, because the failure was there from the start or came after the last look, is left out.

    Args:
        pictures: those that `kept` found.
    """
    if verdict.onset is None or verdict.seed not in record.seeds:
        return []
    index, count = list(record.seeds).index(verdict.seed), len(record.seeds)
    points = len(record.data.get("shape", ())) == 1
    found = []
    for word, step in _around(list(pictures), verdict.onset):
        with Image.open(io.BytesIO(read(pictures[step]))) as picture:
            if box := box_of(picture.size, index, count, points):
                found.append(Crop(f"{word}, step {step}", step, picture.size, box))
    return found


def _look(path: Place, crop: Crop) -> Look:
    with Image.open(io.BytesIO(read(path))) as picture:
        return Look(crop.title, picture.crop(crop.box))


def _around(steps: Sequence[int], onset: tuple[int, int]) -> list[tuple[str, int]]:
    clean, bad = onset
    before = [("before", step) for step in steps if step <= clean]
    after = [("after", step) for step in steps if step >= bad]
    return before[-1:] + after[:1]
