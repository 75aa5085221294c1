"""G8: a tanh with data in [−1, 1] beats a sigmoid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from genbench.claims import decisions
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.standard_runs import DENSE, DENSE_FAST, DENSE_FULL, on_digits
from genbench.claims.designs.variants import WORTH, gain, picture, scored, three_ways
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing


@claims.register("G8")
def tanh_output() -> Claim:
    """A generator that ends in tanh, with data in [−1, 1], beats one that ends in a sigmoid."""
    return Claim(
        id="G8",
        slug="tanh-output",
        statement="A generator should end in tanh, with data scaled to [−1, 1], and not in a sigmoid.",
        sources=(
            Source("L0", "A bag of tricks from F. Chollet"),
            Source("L1", "A bag of tricks from F. Chollet"),
        ),
        hypothesis="With nothing else changed, tanh and data in [−1, 1] give better samples than a "
        "sigmoid and data in [0, 1].",
        test="Dense GANs on digits, paired by seed: ln(Fréchet distance with sigmoid ÷ with tanh), "
        f"mean above {WORTH} (t-test).",
        lesson="2 σ(2x) − 1 is tanh(x): the two outputs differ in scale and range alone. What the "
        "critic sees is centred in one case and positive in the other, and that is what this compares.",
        evidence=Runs(suite, measure),
        fast=DENSE_FAST,
        full=DENSE_FULL,
        judge=judge,
        figure=picture,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """Both outputs."""
    ends = ("tanh", "sigmoid")
    return [on_digits("gan", DENSE, budget.seeds, budget.steps, output=output) for output in ends]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`, variants named by the output."""
    return scored(results, lambda run: str(run["output"]))


def judge(frame: pd.DataFrame) -> Judgement:
    """What tanh gains."""
    return decisions.mean(gain(frame, "tanh", "sigmoid"), "above", WORTH, "ln Fréchet, sigmoid ÷ tanh")


def examples() -> Mapping[Standing, pd.DataFrame]:
    """Better, no better and unclear."""
    return three_ways("tanh", "sigmoid", seeds=8)
