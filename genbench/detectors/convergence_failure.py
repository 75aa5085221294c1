"""Convergence failure: the samples never came near the data, or left them again."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Finding, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors

FAR = 0.2
"""Distance to the data, in units of their spread, below which no run counts as far from them."""
START = 0.45
"""Distance that a start has at least, however near the first look is: it is late for those who learn quickly.

A point in the middle of the data has about .64, noise and blobs have more.
"""


def distance(signals: Signals) -> Series | None:
    """Root of the energy distance to held-out data: the root is what grows in proportion to a shift."""
    energy = signals.get("sample/energy_distance")
    return None if energy is None else energy.map(lambda values: np.sqrt(np.maximum(values, 0.0)))


def remaining(signals: Signals) -> Series | None:
    """Distance to held-out data over its value at the first look, 0 where it is small in itself."""
    path = distance(signals)
    if path is None or _of_images(signals):
        return None
    return _of_first(path)


def remaining_of_images(signals: Signals) -> Series | None:
    """The same of images, which start nearer to the data, grey as they are, and are blurred at the end."""
    path = distance(signals)
    if path is None or not _of_images(signals):
        return None
    return _of_first(path)


def _of_images(signals: Signals) -> bool:
    return bool({"sample/checkerboard", "sample/grid_peak"} & signals.keys())


def _of_first(path: Series) -> Series:
    first = max(float(path.values[0]), START)
    return path.map(lambda values: np.where(values > FAR, values / first, 0.0))


def regained(signals: Signals) -> Series | None:
    """Distance over the smallest one so far, 0 while it is small in itself."""
    path = distance(signals)
    if path is None:
        return None
    best = np.minimum.accumulate(np.maximum(path.values, FAR))
    return path.map(lambda values: np.where(values > FAR, values / best, 0.0))


def kind(signals: Signals, finding: Finding) -> str:
    """``diverged`` if it was better before, else ``never learned``."""
    return "diverged" if finding.rule.name.endswith("diverged") else "never learned"


@detectors.register("convergence_failure")
def convergence_failure() -> Detector:
    """The samples are about as far from the data as at the start, or far again after they were near.

    Measures the root of the energy distance of samples and held-out data; never a raw GAN loss, which has no
    meaning of its own. A run that is slow and still gaining counts as never learned until it has gained.
    """
    return Detector(
        "convergence_failure",
        [
            Rule("convergence_failure/never_learned", remaining, "distance left of the first", window=5),
            Rule(
                "convergence_failure/never_learned_images", remaining_of_images, "distance left of the first"
            ),
            Rule("convergence_failure/diverged", regained, "distance over the best before it", window=5),
        ],
        "sample/energy_distance",
        "another learning rate first, then the balance of the two nets; two time scales (Heusel et al. "
        "2017), gradient penalties (Mescheder et al. 2018)",
        order=4,
        level="failure",
        subtype=kind,
    )
