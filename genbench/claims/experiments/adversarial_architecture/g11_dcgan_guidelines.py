"""G11: each of the five DCGAN rules helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from genbench.claims import decisions
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.dcgan_rules import BROKEN, KEPT, broken, scored_by_rule
from genbench.claims.designs.standard_runs import CONV_FAST, CONV_FULL
from genbench.claims.designs.variants import WORTH, gain, made_up, picture
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing


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
        fast=CONV_FAST,
        full=CONV_FULL,
        judge=judge,
        figure=picture,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """All rules, and each of them broken."""
    return broken(BROKEN, budget)


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`."""
    return scored_by_rule(BROKEN, results)


def judge(frame: pd.DataFrame) -> Judgement:
    """What each rule gains."""
    return decisions.all_of(
        *(
            decisions.mean(gain(frame, KEPT, name), "above", WORTH, f"ln Fréchet, {name} ÷ {KEPT}")
            for name in BROKEN
        )
    )


def examples() -> Mapping[Standing, pd.DataFrame]:
    """All help, one does not, and unclear."""
    helps = dict.fromkeys(BROKEN, 1.5)
    return {
        "supported": made_up({KEPT: 1.0, **helps}, seeds=6),
        "refuted": made_up({KEPT: 1.0, **helps, "leaky G": 1.0}, seeds=6),
        "inconclusive": made_up({KEPT: 1.0, **dict.fromkeys(BROKEN, 1.1)}, seeds=6, spread=0.6),
    }
