"""G7: ReLU and max pooling in the discriminator hurt."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.dcgan_rules import KEPT, SPARSE, broken, scored_by_rule
from genbench.claims.designs.standard_runs import CONVOLUTIONS, quality
from genbench.claims.designs.variants import WORTH

(SPARSELY,) = SPARSE

ARMS = Arms(
    "variant",
    tests=(Mean("score", SPARSELY, KEPT, "above", WORTH, f"ln Fréchet, {SPARSELY} ÷ {KEPT}", log=True),),
    panels=(quality("digits"),),
)


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
        **CONVOLUTIONS,
        **ARMS.parts,
        checked="No seed of either kind has a diagnosed failure, so it is no matter of broken runs, and "
        "five of six seeds agree. ReLU alone makes no difference that could be seen (G11), mean "
        "pooling with nearest upsampling makes samples worse (G11). A discriminator that pools "
        "convolves at full resolution first, so it also computes more than one with strides; the "
        "slide's rule changes both, and so does this experiment.",
    )


def suite(budget: Budget) -> list[Comparison]:
    """Both discriminators."""
    return broken(SPARSE, budget)


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`."""
    return scored_by_rule(SPARSE, results)
