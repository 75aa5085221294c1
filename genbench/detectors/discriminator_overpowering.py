"""A discriminator too far ahead: it tells every sample, and the generator gains nothing from it."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.detectors.vanishing_gradient import linear
from genbench.registry import detectors

LAG = 8
"""Looks over which the generator should have gained; a quarter of a run that has fewer than 32."""
GAIN = 0.9


def unanswered_auc(signals: Signals) -> Series | None:
    """Area under the critic's ROC curve, held-out data against samples, while the samples gain nothing."""
    auc, energy = signals.get("critic/auc"), signals.get("sample/energy_distance")
    if auc is None or energy is None or linear(signals):
        return None
    late = auc.late(0.2)
    distance = energy.at(late.steps)
    lag = min(LAG, max(1, len(auc) // 4))
    before = np.concatenate([np.full(min(lag, len(late)), np.inf), distance[:-lag]])
    return Series(late.steps, np.where(distance >= GAIN * before, late.values, 0.5))


@detectors.register("discriminator_overpowering", cite="arjovsky2017principled")
def discriminator_overpowering() -> Detector:
    """The critic separates data and samples almost perfectly, and the samples get no better.

    Not for losses linear in the scores, whose critics are meant to be trained to optimality.
    """
    rule = Rule("discriminator_overpowering/auc", unanswered_auc, "AUC without gain of the samples", window=8)
    return Detector(
        "discriminator_overpowering",
        [rule],
        "critic/auc and sample/energy_distance, of a loss that is not linear in the scores",
        "a lower critic rate or fewer critic steps, R1 (Mescheder et al. 2018), one-sided label smoothing "
        "(Salimans et al. 2016), instance noise (Arjovsky & Bottou 2017)",
        order=3,
        level="symptom",
    )
