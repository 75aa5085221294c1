"""Checkerboards: a pattern of alternating pixels that real images do not have."""

from __future__ import annotations

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def peak(signals: Signals) -> Series | None:
    """Power of the samples at period 2 over that at the frequencies beside it; white noise has 1."""
    return signals.get("sample/grid_peak")


def pattern(signals: Signals) -> Series | None:
    """Power of the alternating 2×2 pattern, over that of real images."""
    return signals.get("sample/checkerboard")


@detectors.register("checkerboard", cite="odena2016deconvolution")
def checkerboard() -> Detector:
    """The spectrum of the samples has a peak at period 2, along either axis.

    Noise has none. Without that signal the alternating pattern is compared with that of real images, which
    noise of any kind raises too.
    """
    return Detector(
        "checkerboard",
        [
            Rule("checkerboard/peak", peak, "power at period 2 over that beside it", window=5),
            Rule(
                "checkerboard/power",
                pattern,
                "power of the alternating pattern over that of real images",
                window=5,
                unless="sample/grid_peak",
            ),
        ],
        "sample/grid_peak or sample/checkerboard, of images",
        "kernels whose side the stride divides, or resizing before a convolution (Odena et al. 2016)",
        order=7,
        level="note",
    )
