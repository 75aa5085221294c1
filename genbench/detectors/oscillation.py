"""Oscillation: the samples as a whole go round instead of settling."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def moves(signals: Signals) -> Series | None:
    """How far the mean of a fixed bank moves between two looks, in units of the data's radius."""
    axes = [signals[name] for name in sorted(signals) if name.startswith("sample/centroid_")]
    if not axes or len(axes[0]) < 2:
        return None
    steps = axes[0].steps
    path = np.stack([axis.at(steps) for axis in axes])
    return Series(steps[1:], np.linalg.norm(np.diff(path, axis=1), axis=0))


@detectors.register("oscillation", cite="mescheder2018convergence")
def oscillation() -> Detector:
    """The mean of the samples keeps moving by a sizeable part of the data's radius.

    The bank of noise is fixed, so that what moves is the generator. Says nothing of runs that are still on
    their way: it judges the median of the last ten moves.
    """
    rule = Rule(
        "oscillation/centroid", moves, "the mean moves between looks, in data radii, by", window=10, least=12
    )
    return Detector(
        "oscillation",
        [rule],
        "sample/centroid_0 and further",
        "R1 or instance noise (Mescheder et al. 2018), β1 ≤ 0.5 (Radford et al. 2016), two time scales "
        "(Heusel et al. 2017), or an average of the generator's weights (Yazıcı et al. 2019)",
        order=5,
        level="symptom",
    )
