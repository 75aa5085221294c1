"""Where points lie, as a picture that suits light and dark paper."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from genbench.report.plane import Window

PIXELS = 240
_COLOUR = (46, 134, 222)
_BLUR_PIXELS = 1.5
_GAMMA = 0.45
"""Opacity grows with this power of the density, so that thin tails are seen beside sharp modes."""


def density_png(points: np.ndarray, window: Window) -> bytes:
    """Smoothed histogram of points (n, d) in two coordinates, as a PNG whose opacity is the density."""
    left, right, bottom, top = window
    finite = points[np.isfinite(points).all(axis=1)]
    x = np.floor((finite[:, 0] - left) * (PIXELS / (right - left)))
    y = np.floor((top - finite[:, 1]) * (PIXELS / (top - bottom)))
    inside = (x >= 0) & (x < PIXELS) & (y >= 0) & (y < PIXELS)
    pixels = (y * PIXELS + x)[inside].astype(int)
    counts = np.bincount(pixels, minlength=PIXELS**2).reshape(PIXELS, PIXELS)
    smooth = gaussian_filter(counts.astype(np.float32), _BLUR_PIXELS)
    opacity = (smooth / max(float(smooth.max()), 1e-12)) ** _GAMMA
    picture = Image.frombytes("P", (PIXELS, PIXELS), np.rint(255 * opacity).astype(np.uint8).tobytes())
    picture.putpalette(_COLOUR * 256)  # one colour, 256 opacities
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=bytes(range(256)))
    return buffer.getvalue()
