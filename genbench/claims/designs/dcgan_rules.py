"""DCGANs on digits that break one of the paper's rules, shared by several claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from genbench.claims.claim import Budget
from genbench.claims.designs.standard_runs import CONVOLUTIONAL, on_digits
from genbench.claims.designs.variants import scored
from genbench.store import Results
from genbench.suite import Comparison

KEPT = "all rules"
BROKEN: Mapping[str, Mapping[str, Any]] = {
    "pooling": {"pooling": "mean", "upsampling": "nearest"},
    "no batch norm": {"generator_norm": False, "critic_norm": False},
    "dense layers": {"hidden_dense": 64},
    "leaky G": {"generator_activation": "leaky"},
    "ReLU in D": {"critic_activation": "relu"},
}
"""One rule each: strides, batch norm, no hidden dense layers, ReLU in G, LeakyReLU in D."""

SPARSE: Mapping[str, Mapping[str, Any]] = {
    "ReLU, max pooling": {"pooling": "maximum", "critic_activation": "relu"}
}
"""A discriminator whose gradients are sparse."""


def broken(kinds: Mapping[str, Mapping[str, Any]], budget: Budget) -> list[Comparison]:
    """A DCGAN by all rules, and one a kind."""
    return [
        on_digits("dcgan", CONVOLUTIONAL, budget.seeds, budget.steps, **own) for own in ({}, *kinds.values())
    ]


def scored_by_rule(kinds: Mapping[str, Mapping[str, Any]], results: Results) -> pd.DataFrame:
    """Columns of `scored`, variants named by the rule that is broken."""

    def named(run: Mapping[Any, Any]) -> str:
        matching = [
            name for name, own in kinds.items() if all(run[option] == value for option, value in own.items())
        ]
        return matching[0] if matching else KEPT

    return scored(results, named)
