"""Exploding gradients: numbers that are not finite, or grow beyond all that came before."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Finding, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def broken(signals: Signals) -> Series | None:
    """1 from the look at which a loss or a gradient was not finite."""
    finite = signals.get("run/finite")
    return None if finite is None else finite.map(lambda values: 1 - values)


def growth(signals: Signals) -> Series | None:
    """The largest gradient norm of any player over its early median."""
    norms = [norm for norm in signals.ending("grad_norm").values() if norm.early() > 0]
    if not norms:
        return None
    steps = max(norms, key=len).steps
    return Series(steps, np.max([norm.at(steps) / norm.early() for norm in norms], axis=0))


def depth(signals: Signals) -> Series | None:
    """Gradient of the first layer over that of the last, of the net where it is largest."""
    profiles = list(signals.ending("depth_ratio").values())
    if not profiles:
        return None
    steps = max(profiles, key=len).steps
    return Series(steps, np.max([profile.at(steps) for profile in profiles], axis=0))


def kind(signals: Signals, finding: Finding) -> str | None:
    """``not finite`` if that is what showed it."""
    return "not finite" if finding.rule.name.endswith("not_finite") else None


@detectors.register("exploding_gradient", cite="pascanu2013difficulty")
def exploding_gradient() -> Detector:
    """A loss or gradient is not finite, or gradients grow by orders of magnitude, over time or with depth.

    A spike that is over after a look or two is not reported. Numbers that are not finite are a failure;
    gradients that have grown are a symptom, which some runs survive.
    """
    return Detector(
        "exploding_gradient",
        [
            Rule(
                "exploding_gradient/not_finite",
                broken,
                "not finite:",
                window=1,
                lasting=False,
                least=1,
                level="failure",
            ),
            Rule("exploding_gradient/growth", growth, "gradient norm over its early median", lasting=False),
            Rule("exploding_gradient/depth", depth, "first layer's gradient over the last's", lasting=False),
        ],
        "run/finite, */grad_norm or */depth_ratio",
        "a lower learning rate, clipping the norm of the gradient (Pascanu et al. 2013), spectral "
        "normalisation (Miyato et al. 2018)",
        order=1,
        level="symptom",
        subtype=kind,
    )
