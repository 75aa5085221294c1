"""How a distance between sets of features becomes one metric for each space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import PositiveInt

from genbench.metrics.feature_file import file_space
from genbench.metrics.inception import inception_space
from genbench.metrics.inputs import ideal
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.spaces import LENET, RAW, Space
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import Estimate, Scale

Better = Literal["higher", "lower"]
Score = Callable[[Subject, Space, int], Estimate]
"""A subject, a space and the protocol's n → an estimate."""

Factory = Callable[..., Metric]

NETS = ("_lenet", "_inception", "_file")
"""Suffixes of the spaces that a network makes."""


@dataclass(frozen=True)
class Distance:
    """What is offered once in each space.

    Attributes:
        name: of the metrics, before the suffix of the space.
        title: what the score is; ``doc`` says more of it.
        score: the computation from features.
        scale: as of a `Metric`.
        spaces: suffixes of the spaces that it is offered in.
        n: suffix of a space → the default sample count there, where it is not 10,000.
    """

    name: str
    title: str
    better: Better
    score: Score
    cite: str
    doc: str = ""
    scale: Scale = "identity"
    spaces: Sequence[str] = ("", "_lenet", "_inception", "_file")
    n: Mapping[str, int] = field(default_factory=dict)


def _metric(distance: Distance, space: Space, n: int) -> Metric:
    def estimate(subject: Subject) -> Estimate:
        return distance.score(subject, space, n)

    def real(task: Task) -> Estimate:
        return distance.score(ideal(task), space, n)

    def refuses(subject: Subject) -> str | None:
        return space.refuses(subject.task)

    name = f"{distance.name}{space.suffix}@{label(n)}"
    return Metric(name, distance.better, estimate, refuses, n, real, distance.scale)


def _fixed(space: Space) -> Callable[[Distance, int], Factory]:
    """Makes factories for a space that needs no file."""

    def factory_of(distance: Distance, default: int) -> Factory:
        def factory(n: PositiveInt = default) -> Metric:
            return _metric(distance, space, n)

        return factory

    return factory_of


def _of_inception(distance: Distance, default: int) -> Factory:
    def factory(n: PositiveInt = default, path: Path | None = None) -> Metric:
        return _metric(distance, inception_space(path), n)

    return factory


def _of_file(distance: Distance, default: int) -> Factory:
    def factory(path: Path, n: PositiveInt = default) -> Metric:
        return _metric(distance, file_space(path), n)

    return factory


MAKERS = {
    "": (_fixed(RAW), RAW.title + "."),
    "_lenet": (_fixed(LENET), LENET.title + ". Refuses tasks without a classifier."),
    "_inception": (
        _of_inception,
        "features of the published Inception network. The weights are found in `path` or in pytorch-fid's "
        "own cache; without them it is not available. Samples are rounded to 8 bits; grey ones fill three "
        "channels.",
    ),
    "_file": (
        _of_file,
        "features of your own network. `path` is a TorchScript file or a torch.export program (.pt2) that "
        "maps examples (n, …) to features (n, d); write ``NAME:PATH@10k``. Only open files that you trust.",
    ),
}
"""Suffix of a space → what makes the factory of a distance there, and how a help text calls it."""


def offer(distance: Distance) -> dict[str, Factory]:
    """Register one metric for each space of the distance."""
    factories = {}
    for suffix in distance.spaces:
        make, where = MAKERS[suffix]
        factory = make(distance, distance.n.get(suffix, 10_000))
        title, _, remark = where.partition(". ")
        notes = " ".join(filter(None, (distance.doc, remark)))
        factory.__doc__ = f"{distance.title}, for `n` samples in {title.rstrip('.')}.\n\n{notes}".rstrip()
        factories[suffix] = metrics.register(distance.name + suffix, cite=distance.cite)(factory)
    return factories
