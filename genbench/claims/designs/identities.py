"""Random cases on each of which something must hold: the share on which it does is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import decisions
from genbench.claims.claim import Budget, Examples, Parts
from genbench.types import Judgement

SHARE = 0.95
"""Of the cases, above which an identity counts as one; it takes 73 to show it."""

CASES = 8
"""Cases a seed."""


@dataclass(frozen=True)
class Identity:
    """What must hold of every case.

    Attributes:
        holds: evidence → a truth value a case.
        unit: what the share is of.
        figure: evidence → picture.
        right, wrong: columns of a made-up case on which it holds, and of one on which it does not.
    """

    holds: Callable[[pd.DataFrame], pd.Series[bool]]
    unit: str
    figure: Callable[[pd.DataFrame], Figure]
    right: Mapping[str, object]
    wrong: Mapping[str, object]

    def judge(self, frame: pd.DataFrame) -> Judgement:
        """Binomial test of the share, seeds as independent repetitions."""
        return decisions.share(self.holds(frame), "above", SHARE, self.unit, seeds=frame["seed"].nunique())

    def examples(self) -> Examples:
        """It holds, it does not, and it holds of too few to say."""
        return {
            "supported": _made_up(128, self.right),
            "refuted": _made_up(128, {**self.right, **self.wrong}),
            "inconclusive": _made_up(20, self.right),
        }

    @property
    def parts(self) -> Parts:
        """Judge, figure and examples."""
        return {"judge": self.judge, "figure": self.figure, "examples": self.examples}


def cases(
    case: Callable[[int, int, int], Mapping[str, object]], budget: Budget, count: int = CASES
) -> pd.DataFrame:
    """A row a case: seed, case, and what (seed, case, the budget's size) gives."""
    rows = [(seed, number) for seed in range(budget.seeds) for number in range(count)]
    return pd.DataFrame([{"seed": s, "case": n, **case(s, n, budget.size)} for s, n in rows])


def _made_up(count: int, columns: Mapping[str, object]) -> pd.DataFrame:
    return pd.DataFrame({"seed": range(count), "case": 0, **columns})
