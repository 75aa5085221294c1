"""Dead units: rectified units that are zero on every input."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def dead(signals: Signals) -> Series | None:
    """Share of dead units in the layer that has most."""
    shares = list(signals.ending("dead_units").values())
    if not shares:
        return None
    steps = max(shares, key=len).steps
    return Series(steps, np.max([share.at(steps) for share in shares], axis=0))


@detectors.register("dead_units", cite="lu2020dying")
def dead_units() -> Detector:
    """Almost all rectified units of a layer are zero on a whole batch.

    Sparse activity is no death: a unit counts only if no input of the batch wakes it, and half of a layer may
    sleep in a healthy net.
    """
    return Detector(
        "dead_units",
        [Rule("dead_units/share", dead, "share of dead units", window=5)],
        "*/dead_units",
        "a lower learning rate, LeakyReLU (Maas et al. 2013), or normalisation",
        order=3,
        level="symptom",
    )
