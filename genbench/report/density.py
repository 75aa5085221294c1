"""Where points lie, as a picture that suits light and dark paper."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from genbench.report.panels import Window

PIXELS = 240
_COLOUR = (46, 134, 222)
_BLUR_PIXELS = 1.5
_GAMMA = 0.45
"""Opacity grows with this power of the density, so that thin tails are seen beside sharp modes."""


def density_png(points: np.ndarray, window: Window) -> bytes:
    """Smoothed histogram of points (n, d) in two coordinates, as a PNG whose opacity is the density."""
    left, right, bottom, top = window
    finite = points[np.isfinite(points).all(axis=1)]
    counts, _, _ = np.histogram2d(
        finite[:, 0], finite[:, 1], bins=PIXELS, range=((left, right), (bottom, top))
    )
    smooth = gaussian_filter(counts, _BLUR_PIXELS).T[::-1]
    opacity = (smooth / max(float(smooth.max()), 1e-12)) ** _GAMMA
    picture = Image.frombytes("P", (PIXELS, PIXELS), np.rint(255 * opacity).astype(np.uint8).tobytes())
    picture.putpalette(_COLOUR * 256)  # one colour, 256 opacities
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=bytes(range(256)))
    return buffer.getvalue()
