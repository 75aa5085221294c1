"""Memorisation: samples are nearer to training examples than to equally many new ones."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors

IN_REACH, TOP = 0.5, 0.35
NEAR, MISSING = 0.5, 0.2


def nearness(signals: Signals) -> Series | None:
    """Distance to the nearest new example over that to the nearest training example; 1 away from the data.

    And 1 for samples of which more than a third lie in one place: what one place is next to is an accident.
    """
    names = ("sample/in_reach", "sample/top_bin", "sample/copy_distance")
    if not set(names) <= signals.keys():
        return None
    ratio = signals[names[2]]
    reached, top = (signals[name].at(ratio.steps) for name in names[:2])
    there = (reached >= IN_REACH) & (top <= TOP)
    return Series(ratio.steps, np.where(there, 1 / np.maximum(ratio.values, 1e-3), 1.0))


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

    They lie much nearer to training examples than to as many new ones. How many lie nearer says less: samples
    between the data are about as far from both, and a few points decide. Compares with at most 250 training
    examples, so of a large training set only wholesale copying shows.
    """
    return Detector(
        "memorisation",
        [
            Rule("memorisation/distance", nearness, "distance to new over that to training data", window=5),
            Rule(
                "memorisation/copying",
                copying,
                "share of samples nearer to training than to new data",
                window=5,
                unless="sample/copy_distance",
            ),
        ],
        "sample/copy_distance, or sample/copying; and how far samples reach the data",
        "more data or augmentation (Karras et al. 2020), or an earlier stop",
        order=7,
        level="failure",
    )
