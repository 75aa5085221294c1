"""G7: ReLU and max pooling in the discriminator hurt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from genbench.claims import decisions
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.dcgan_rules import KEPT, SPARSE, broken, scored_by_rule
from genbench.claims.designs.standard_runs import CONV_FAST, CONV_FULL
from genbench.claims.designs.variants import WORTH, gain, picture, three_ways
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

(SPARSELY,) = SPARSE


@claims.register("G7", cite="radford2016dcgan")
def sparse_gradients() -> Claim:
    """Sparse gradients, from ReLU and max pooling in the discriminator, hurt the generator."""
    return Claim(
        id="G7",
        slug="sparse-gradients",
        statement="Sparse gradients are harmful: the discriminator should have neither ReLU nor max "
        "pooling, so that the generator can learn through it.",
        sources=(
            Source("L0", "A bag of tricks from F. Chollet"),
            Source("L1", "A bag of tricks from F. Chollet"),
        ),
        hypothesis="A DCGAN whose discriminator has ReLU and max pooling ends with a larger Fréchet "
        "distance than one with LeakyReLU and strides.",
        test="DCGANs on digits, paired by seed: ln(Fréchet distance, ReLU and max pooling ÷ LeakyReLU "
        f"and strides), mean above {WORTH} (t-test).",
        lesson="What reaches the generator is the discriminator's gradient in its input, and both "
        "operations set most of it to zero for each image. Over a batch and many steps that need "
        "not matter: here the sparse discriminator gives the better samples.",
        evidence=Runs(suite, measure),
        fast=CONV_FAST,
        full=CONV_FULL,
        judge=judge,
        figure=picture,
        examples=examples,
        checked="No seed of either kind has a diagnosed failure, so it is no matter of broken runs, and "
        "five of six seeds agree. ReLU alone makes no difference that could be seen (G11), mean "
        "pooling with nearest upsampling makes samples worse (G11). A discriminator that pools "
        "convolves at full resolution first, so it also computes more than one with strides; the "
        "slide's rule changes both, and so does this experiment.",
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """Both discriminators."""
    return broken(SPARSE, budget)


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`."""
    return scored_by_rule(SPARSE, results)


def judge(frame: pd.DataFrame) -> Judgement:
    """What dense gradients gain."""
    return decisions.mean(gain(frame, KEPT, SPARSELY), "above", WORTH, f"ln Fréchet, {SPARSELY} ÷ {KEPT}")


def examples() -> Mapping[Standing, pd.DataFrame]:
    """Harmful, harmless and unclear."""
    return three_ways(KEPT, SPARSELY, seeds=6)
