"""Images of black and white pixels: what likelihoods of binary models are measured on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from genbench.registry import tasks
from genbench.tasks.digits import digits
from genbench.tasks.images import mnist
from genbench.tasks.task import Task

Rule = Literal["threshold", "static", "dynamic"]


@tasks.register("binary-mnist", cite="lecun1998mnist", kind="images")
def binary_mnist(rule: Rule = "threshold", flip: bool = False, *, data_dir: Path | None = None) -> Task:
    """MNIST in black and white, 60,000 to train on and 10,000 held out.

    Log-likelihoods under different rules do not compare.

    Args:
        rule: how grey values become bits. ``threshold``: above ½. ``static``: drawn once, a grey value being
            the probability of white; the draws are this package's own, not Larochelle's file.
            ``dynamic``: held-out images as ``static``, training images stay grey, for models that draw them
            anew at every step.
        flip: exchange black and white.
        data_dir: holds ``MNIST/raw``.

    Raises:
        NotAvailableError: the files are absent.
    """
    return binarised(mnist(data_dir=data_dir), rule, flip)


@tasks.register("binary-digits", cite="alpaydin1998optdigits", kind="small images")
def binary_digits(rule: Rule = "threshold", flip: bool = False) -> Task:
    """The embedded 8×8 digits in black and white; needs no download.

    Args:
        rule, flip: as for `binary-mnist`.
    """
    return binarised(digits(), rule, flip)


def binarised(task: Task, rule: Rule, flip: bool) -> Task:
    """`task` with its images in black and white, in the type they were stored as.

    It has two levels under every rule, those of its held-out images.
    """
    held_out = "static" if rule == "dynamic" else rule
    return replace(
        task,
        name=f"binary-{task.name}",
        train=_bits(task, task.train, rule, flip, seed=0),
        held_out=_bits(task, task.held_out, held_out, flip, seed=1),
        metrics=("sliced_wasserstein@1k",),
        ranked_by=(),
        levels=2,
    )


def _bits(task: Task, images: Tensor, rule: Rule, flip: bool, seed: int) -> Tensor:
    white = 255 if images.dtype == torch.uint8 else 1
    if rule != "dynamic":
        grey = task.to_float(images)
        drawn = torch.rand(grey.shape, generator=torch.Generator().manual_seed(seed))
        images = (grey > (0.5 if rule == "threshold" else drawn)).to(images.dtype) * white
    return white - images if flip else images
