"""What the runs of the corpus are trained on: registered tasks, small ones, and a few of its own."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from genbench.registry import tasks
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture, equal_mixture

HELD_OUT = 10_000
IMAGES = 1000
"""Examples of each split of the corpus's own images."""
_FEW = re.compile(r"(.+)-(\d+)")


def task_named(name: str) -> Task:
    """A registered task, or one of the corpus's own; ``NAME-50`` is its first 50 training examples.

    ``uneven8``: ring8 with uneven weights; ``wide8``: with σ = .15; ``cube8``: eight corners of a cube in
    eight dimensions; ``mnist14``: 1,000 MNIST images of 14×14; ``poles``: 4×4 pixels, four fifths of the
    images white and one fifth black but for 1 % of their pixels; ``bars4``: bars and stripes of 4×4;
    ``grid9``: three by three; ``rose12``: twelve modes, every other one nearer to the middle; ``tri3``: three
    unequal modes far apart; ``blocks4``: four blocks of 2×2 pixels, an even number of them white.
    """
    if few := _FEW.fullmatch(name):
        return _first(task_named(few[1]), int(few[2]), name)
    if name in _OWN:
        return _OWN[name]()
    small = {"samples": 20_000} if name in ("ring8", "grid25") else {}
    task: Task = tasks[name].create(**small)
    return task


def _first(task: Task, n: int, name: str) -> Task:
    labels = None if task.train_labels is None else task.train_labels[:n]
    return replace(task, name=name, train=task.train[:n], train_labels=labels)


def _mixture(name: str, truth: Mixture) -> Task:
    sizes = enumerate((20_000, HELD_OUT))
    train, held_out = (truth.draw(n, torch.Generator().manual_seed(i)) for i, n in sizes)
    return Task(name, "points", train, held_out, (), truth=truth)


def _circle() -> Tensor:
    angles = 2 * math.pi * torch.arange(8) / 8
    return torch.stack([angles.cos(), angles.sin()], 1)


def _uneven8() -> Task:
    weights = torch.tensor([0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.05, 0.05])
    return _mixture("uneven8", Mixture(_circle(), weights, 0.02))


def _wide8() -> Task:
    return _mixture("wide8", equal_mixture(_circle(), 0.15))


def _cube8() -> Task:
    corners = torch.randn(8, 8, generator=torch.Generator().manual_seed(8)).sign()
    return _mixture("cube8", equal_mixture(corners, 0.1))


@functools.cache
def _mnist14() -> Task:
    mnist: Task = tasks["mnist"].create()
    train, held_out = (avg_pool2d(mnist.to_float(x[:IMAGES]), 2) for x in (mnist.train, mnist.held_out))
    assert mnist.train_labels is not None
    return Task("mnist14", "images", train, held_out, (), train_labels=mnist.train_labels[:IMAGES].long())


def _grid9() -> Task:
    centers = torch.cartesian_prod(*[torch.arange(-1.0, 2.0)] * 2)
    return _mixture("grid9", equal_mixture(centers, 0.05))


def _rose12() -> Task:
    angles = 2 * math.pi * torch.arange(12) / 12
    radii = 1 - 0.4 * (torch.arange(12) % 2)
    return _mixture(
        "rose12", equal_mixture(radii[:, None] * torch.stack([angles.cos(), angles.sin()], 1), 0.03)
    )


def _tri3() -> Task:
    centers = torch.tensor([[0.0, 1.5], [-1.3, -0.75], [1.3, -0.75]])
    return _mixture("tri3", Mixture(centers, torch.tensor([0.5, 0.3, 0.2]), 0.05))


def _poles() -> Task:
    def draw(n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        white = (torch.rand(n, generator=source) < 0.8).long()
        flipped = torch.rand(n, 1, 4, 4, generator=source) < 0.01
        return (white.view(-1, 1, 1, 1).bool() ^ flipped).float(), white

    return _drawn("poles", draw)


def _bars4() -> Task:
    def draw(n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        lines = torch.randint(2, (n, 4), generator=source)
        lying = torch.randint(2, (n,), generator=source)
        images = lines[:, :, None].expand(n, 4, 4)
        images = torch.where(lying.view(-1, 1, 1).bool(), images, images.transpose(1, 2))
        full = lines.sum(1) % 4 == 0
        patterns = 16 * lying + lines @ torch.tensor([8, 4, 2, 1])
        return images[:, None].float(), torch.where(full, lines[:, 0] * 15, patterns)

    return _drawn("bars4", draw)


def _blocks4() -> Task:
    def draw(n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        pattern = torch.randint(8, (n,), generator=source)
        three = pattern[:, None] >> torch.arange(3) & 1
        blocks = torch.cat([three, three.sum(1, keepdim=True) % 2], 1).view(n, 1, 2, 2)
        images = blocks.repeat_interleave(2, 2).repeat_interleave(2, 3).bool()
        flipped = torch.rand(n, 1, 4, 4, generator=source) < 0.01
        return (images ^ flipped).float(), pattern

    return _drawn("blocks4", draw)


def _drawn(name: str, draw: Callable[[int, torch.Generator], tuple[Tensor, Tensor]]) -> Task:
    sources = (torch.Generator().manual_seed(i) for i in range(2))
    (train, labels), (held_out, _) = (draw(IMAGES, source) for source in sources)
    return Task(name, "images", train, held_out, (), train_labels=labels)


_OWN: Mapping[str, Callable[[], Task]] = {
    "uneven8": _uneven8,
    "wide8": _wide8,
    "cube8": _cube8,
    "mnist14": _mnist14,
    "poles": _poles,
    "bars4": _bars4,
    "grid9": _grid9,
    "rose12": _rose12,
    "tri3": _tri3,
    "blocks4": _blocks4,
}
