"""G11: each of the five DCGAN rules helps."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.dcgan_rules import BROKEN, KEPT, broken, scored_by_rule
from genbench.claims.designs.standard_runs import CONVOLUTIONS, quality
from genbench.claims.designs.variants import WORTH

ARMS = Arms(
    "variant",
    tests=tuple(
        Mean("score", name, KEPT, "above", WORTH, f"ln Fréchet, {name} ÷ {KEPT}", log=True) for name in BROKEN
    ),
    panels=(quality("digits", rotate=30),),
)


@claims.register("G11", cite="radford2016dcgan")
def dcgan_guidelines() -> Claim:
    """Each of DCGAN's five architecture rules makes training better."""
    return Claim(
        id="G11",
        slug="dcgan-guidelines",
        statement="Each of the five DCGAN rules helps: strided convolutions instead of pooling, batch "
        "norm in both nets, no hidden dense layers, ReLU in the generator, LeakyReLU in the "
        "discriminator.",
        sources=(
            Source("L2", "Generative Adversarial Nets: Convolutional Architectures"),
            Source("L3", "DC-GAN Architecture guidelines for stable Deep Convolutional GANs"),
            Source("L4", "Deep Convolutional Generative Adversarial Networks (DCGANs)"),
        ),
        hypothesis="A DCGAN that breaks any one of the rules ends with a larger Fréchet distance.",
        test="DCGANs on digits, five with one rule broken each, paired by seed with one that keeps "
        f"all: ln(Fréchet distance, broken ÷ kept), mean above {WORTH} for each rule (t-tests). All "
        "five must hold.",
        lesson="The rules were found together, on larger images and deeper nets, and a conjunction of "
        "five is easily left undecided by one, so look at them one by one. Without batch norm or "
        "with hidden dense layers distances are many times as large, pooling costs about a "
        "quarter, and of the two rules on activations nothing can be seen.",
        evidence=Runs(suite, measure),
        **CONVOLUTIONS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
    """All rules, and each of them broken."""
    return broken(BROKEN, budget)


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`."""
    return scored_by_rule(BROKEN, results)
