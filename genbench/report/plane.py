"""Points and paths in a square of pixels.

Runs draw theirs while they run, so that drawing must not cost more than training: a thousand dots take a
millisecond, where a plotting library takes ten for its axes.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from genbench.report import style

Window = tuple[float, float, float, float]
"""Left, right, bottom and top of what a plane shows."""
Floats = NDArray[np.floating]
_PHASES = 4
"""Places within a pixel, in each direction, that the middle of a dot may have."""
_DOTS_A_PIXEL = 2
"""Dots that make a line, for each pixel of its length."""


class Plane:
    """A white square that shows a window of the plane, y upwards.

    Attributes:
        pixels: of a side.
        window: what it shows.
    """

    def __init__(self, pixels: int, window: Window) -> None:
        self.pixels, self.window = pixels, window
        self._canvas = Image.new("RGB", (pixels, pixels), style.PAPER)

    def copy(self) -> Plane:
        """Another one with all that was drawn on this one."""
        other = Plane(self.pixels, self.window)
        other._canvas = self._canvas.copy()
        return other

    def dots(self, points: Floats, radius: float, colour: str, opacity: float = 1.0) -> None:
        """Discs around points (n, d) in their first two coordinates; what is not finite is left out.

        Args:
            radius: in pixels.
            opacity: of one disc; where translucent ones overlap, less and less shines through.
        """
        self._paint(self._positions(points), radius, colour, opacity)

    def line(self, points: Floats, width: float, colour: str) -> None:
        """A line through points (n, d), `width` pixels wide; far outside it may be bent."""
        corners = self._positions(points).clip(-self.pixels, 2 * self.pixels)
        along = np.cumsum(np.hypot(*np.diff(corners, axis=0, prepend=corners[:1]).T))
        at = np.linspace(0, along[-1], 2 + int(_DOTS_A_PIXEL * along[-1])) if len(along) else along
        dots = [np.interp(at, along, corners[:, axis]) for axis in (0, 1)] if len(along) else [at, at]
        self._paint(np.stack(dots, axis=1), width / 2, colour, 1.0)

    def picture(self) -> Image.Image:
        """What was drawn, in a thin frame."""
        picture, end = self._canvas.copy(), self.pixels - 1
        ImageDraw.Draw(picture).rectangle((0, 0, end, end), outline=style.RULE)
        return picture

    def _positions(self, points: Floats) -> Floats:
        """Pixels right of and below the upper left corner, (n, 2), of the points that are finite."""
        left, right, bottom, top = self.window
        known = points[np.isfinite(points[:, :2]).all(axis=1), :2].astype(np.float64)
        return self.pixels * (known - (left, top)) / (right - left, bottom - top)

    def _paint(self, positions: Floats, radius: float, colour: str, opacity: float) -> None:
        stamps = _stamps(radius)
        reach = stamps.shape[-1] // 2
        near = ((positions >= -reach) & (positions < self.pixels + reach)).all(axis=1)
        if not near.any():
            return
        cell, phase = np.divmod(np.floor(_PHASES * positions[near]).astype(np.int64), _PHASES)
        corner = cell.min(axis=0)
        width, height = np.ptp(cell, axis=0) + 1 + 2 * reach
        column, row = (cell - corner).T[:, :, None, None]
        inside = np.arange(2 * reach + 1)
        pixel = (row + inside[:, None]) * width + column + inside
        ink = _laid(pixel, stamps[phase[:, 1], phase[:, 0]], int(width * height), opacity)
        mask = Image.fromarray(np.rint(255 * ink).astype(np.uint8).reshape(height, width))
        left, top = (int(edge) - reach for edge in corner)
        self._canvas.paste(colour, (left, top, left + mask.width, top + mask.height), mask)


@functools.cache
def _stamps(radius: float) -> Floats:
    """How much of each pixel around it a disc covers, by its place in its own: (y, x, rows, columns)."""
    reach = int(np.ceil(radius + 0.5))
    middles = np.arange(-reach, reach + 1) + 0.5
    offsets = middles - (np.arange(_PHASES)[:, None] + 0.5) / _PHASES
    away = np.hypot(offsets[:, None, :, None], offsets[None, :, None, :])
    # A pixel on the rim is covered by about as much as its middle lies inside of it.
    return (radius + 0.5 - away).clip(0, 1).astype(np.float32)


def _laid(pixel: NDArray[np.int64], cover: Floats, pixels: int, opacity: float) -> Floats:
    """What stamps hide of each of so many pixels; opaque ones do not add up at their rims."""
    if opacity == 1:
        ink = np.zeros(pixels, np.float32)
        np.maximum.at(ink, pixel.ravel(), cover.ravel())
        return ink
    through = np.bincount(pixel.ravel(), np.log1p(-opacity * cover).ravel(), pixels)
    return -np.expm1(through.astype(np.float32))
