"""What a claim is: a statement of a lecture, what is measured for it, and the one test that decides."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import pandas as pd
from matplotlib.figure import Figure

from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

Examples = Mapping[Standing, pd.DataFrame]
Tier = Literal["fast", "full", "gpu"]
TIERS: tuple[Tier, ...] = ("fast", "full", "gpu")

LECTURES = {
    "L0": "000_a6b7c5bba36b9fb9.txt",
    "L1": "001_14b26ea1eb963bb1.txt",
    "L2": "002_5ab74d85d318de1d.txt",
    "L3": "003_88c9464d68b188f7.txt",
    "L4": "004_d3bbb1e07e0b1669.txt",
}
"""The lecture texts by their short names."""


@dataclass(frozen=True)
class Source:
    """Where a statement stands: a lecture's short name, such as ``L1``, and the heading of the slide."""

    lecture: str
    heading: str

    def __str__(self) -> str:
        return f"{LECTURES.get(self.lecture, self.lecture)}, “{self.heading}”"


@dataclass(frozen=True)
class Budget:
    """What a tier spends on a claim.

    Attributes:
        seeds: independent repetitions, the seeds 0 … seeds − 1.
        steps: of training; 0 where nothing is trained.
        size: whatever else the cost grows with, such as the cases a seed; the claim's file says what.
    """

    seeds: int
    steps: int = 0
    size: int = 0


class Evidence(abc.ABC):
    """How a claim's evidence, one tidy frame, is made."""

    @abc.abstractmethod
    def comparisons(self, budget: Budget) -> Sequence[Comparison]:
        """The runs needed, as tables of a suite; equal runs of several claims are made once."""

    @abc.abstractmethod
    def collect(self, budget: Budget, results: Results) -> pd.DataFrame:
        """The evidence, from those runs and whatever is measured beside them."""

    @property
    @abc.abstractmethod
    def functions(self) -> tuple[Callable[..., object], ...]:
        """The functions that make it; evidence is made anew when their code changes."""


@dataclass(frozen=True)
class Experiment(Evidence):
    """Work that is no run of a benchmark, such as quadrature, enumeration or a frozen pair of nets.

    Attributes:
        measure: budget → frame. It depends on the budget alone: every random number comes from the seeds.
    """

    measure: Callable[[Budget], pd.DataFrame]

    def comparisons(self, budget: Budget) -> Sequence[Comparison]:
        return ()

    def collect(self, budget: Budget, results: Results) -> pd.DataFrame:
        return self.measure(budget)

    @property
    def functions(self) -> tuple[Callable[..., object], ...]:
        return (self.measure,)


@dataclass(frozen=True)
class Runs(Evidence):
    """Runs of the benchmark.

    Attributes:
        suite: budget → tables of a suite.
        measure: (budget, those runs) → frame; it may also measure something of its own beside them.
    """

    suite: Callable[[Budget], Sequence[Comparison]]
    measure: Callable[[Budget, Results], pd.DataFrame]

    def comparisons(self, budget: Budget) -> Sequence[Comparison]:
        return self.suite(budget)

    def collect(self, budget: Budget, results: Results) -> pd.DataFrame:
        return self.measure(budget, results)

    @property
    def functions(self) -> tuple[Callable[..., object], ...]:
        return (self.suite, self.measure)


class Parts(TypedDict):
    """What a design gives a `Claim`, as its keyword arguments."""

    judge: Callable[[pd.DataFrame], Judgement]
    figure: Callable[[pd.DataFrame], Figure]
    examples: Callable[[], Examples]


class Budgets(TypedDict):
    """Budgets that several claims share, as keyword arguments of a `Claim`."""

    fast: Budget
    full: Budget


@dataclass(frozen=True, eq=False)
class Claim:
    """One statement and the experiment that could prove it wrong.

    Attributes:
        id, slug: such as ``T4`` and ``perfect-d-kills-gradient``.
        statement: in our own words.
        hypothesis: what must be seen if the statement holds.
        test: the test, effect and threshold, decided before the evidence was seen.
        lesson: what a student should take from it.
        fast, full: budgets of the tiers.
        gpu: budget where there is an accelerator; None for that of `full`.
        judge: evidence → judgement; pure, by `genbench.claims.decisions`.
        figure: evidence → picture.
        examples: made-up evidence for each outcome, which shows that the test can go either way.
        checked: of an outcome that surprised, what was checked before it was believed.
    """

    id: str
    slug: str
    statement: str
    sources: tuple[Source, ...]
    hypothesis: str
    test: str
    lesson: str
    evidence: Evidence
    fast: Budget
    full: Budget
    judge: Callable[[pd.DataFrame], Judgement]
    figure: Callable[[pd.DataFrame], Figure]
    examples: Callable[[], Examples]
    gpu: Budget | None = None
    checked: str | None = None

    @property
    def source(self) -> str:
        """Files and slide headings, in one line."""
        return "; ".join(map(str, self.sources))

    def budget(self, tier: Tier) -> Budget:
        """What `tier` spends."""
        return {"fast": self.fast, "full": self.full, "gpu": self.gpu or self.full}[tier]
