"""Memorisation: samples are nearer to training examples than to equally many new ones."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors

NEAR, MISSING = 0.5, 0.2


def copying(signals: Signals) -> Series | None:
    """Share of samples nearer to a training example than to a new one, ½ where that comparison means nothing.

    It means something only for samples that look like data and spread over them: one point, repeated, is
    nearer to one of the two sets by accident.
    """
    if not {"sample/copying", "sample/near", "sample/missing_mass"} <= signals.keys():
        return None
    share = signals["sample/copying"]
    near, missing = (signals[f"sample/{name}"].at(share.steps) for name in ("near", "missing_mass"))
    return Series(share.steps, np.where((near >= NEAR) & (missing < MISSING), share.values, 0.5))


@detectors.register("memorisation", cite="lopezpaz2017c2st")
def memorisation() -> Detector:
    """Samples repeat training examples.

    Compares with at most 250 training examples, so of a large training set only wholesale copying shows.
    """
    return Detector(
        "memorisation",
        [
            Rule(
                "memorisation/copying",
                copying,
                "share of samples nearer to training than to new data",
                window=5,
            )
        ],
        "sample/copying, sample/near and sample/missing_mass",
        "more data or augmentation (Karras et al. 2020), or an earlier stop",
        order=7,
    )
