"""Checkerboards: a pattern of alternating pixels that real images do not have."""

from __future__ import annotations

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def pattern(signals: Signals) -> Series | None:
    """Power of the alternating 2×2 pattern, over that of real images."""
    return signals.get("sample/checkerboard")


@detectors.register("checkerboard", cite="odena2016deconvolution")
def checkerboard() -> Detector:
    """Samples carry far more of the finest alternating pattern than real images.

    Noise of any kind raises it too; it is told from a checkerboard by eye.
    """
    return Detector(
        "checkerboard",
        [
            Rule(
                "checkerboard/power",
                pattern,
                "power of the alternating pattern over that of real images",
                window=5,
            )
        ],
        "sample/checkerboard, of images",
        "kernels whose side the stride divides, or resizing before a convolution (Odena et al. 2016)",
        order=7,
    )
