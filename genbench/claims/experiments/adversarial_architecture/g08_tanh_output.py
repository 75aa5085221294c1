"""G8: a tanh with data in [−1, 1] beats a sigmoid."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.standard_runs import DENSE, DENSE_NETS, on_digits, quality
from genbench.claims.designs.variants import WORTH, scored

ARMS = Arms(
    "variant",
    tests=(Mean("score", "sigmoid", "tanh", "above", WORTH, "ln Fréchet, sigmoid ÷ tanh", log=True),),
    panels=(quality("digits"),),
)


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
        **DENSE_NETS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Both outputs."""
    ends = ("tanh", "sigmoid")
    return [on_digits("gan", DENSE, budget.seeds, budget.steps, output=output) for output in ends]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`, variants named by the output."""
    return scored(results, lambda run: str(run["output"]))
