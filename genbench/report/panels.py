"""Panels of points, and sheets of panels under their titles."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from genbench.report import style
from genbench.report.plane import Plane, Window

Box = tuple[int, int, int, int]
"""Left, top, right and bottom of a part of a picture, in pixels."""

PANEL_PIXELS = 346
"""Side of a panel of points."""

_TITLE_ROW = 24
_HEADING_ROW = 36
_MOST_COLUMNS = 5
_MOST_DOTS = 2000
_MARGIN = 1.25
_POINT_PIXELS, _DATUM_PIXELS, _START_PIXELS, _LINE_PIXELS = 1.4, 2.1, 3.5, 2.2
"""Radii of dots, and the width of a line."""


@dataclass(frozen=True)
class Panel:
    """A picture on a sheet, with a title on the left above it and a note on the right."""

    picture: Image.Image
    title: str = ""
    note: str = ""


def data_window(reference: np.ndarray) -> Window:
    """A square around the first two coordinates of data, shape (m, d), with a margin."""
    low, high = reference[:, :2].min(axis=0), reference[:, :2].max(axis=0)
    half = max(float((high - low).max()) / 2 * _MARGIN, 1e-6)
    x, y = (float(middle) for middle in (low + high) / 2)
    return x - half, x + half, y - half, y + half


def before_data(reference: np.ndarray, window: Window) -> Plane:
    """A plane with data (m, d) in grey, in two coordinates, to be copied before it is drawn on."""
    shown = reference[:_MOST_DOTS, :2].astype(np.float32)
    return _with_dots(shown.tobytes(), window)


@functools.lru_cache(maxsize=1)
def _with_dots(points: bytes, window: Window) -> Plane:
    """The newest one is remembered, since all pictures of a task have the same data."""
    plane = Plane(PANEL_PIXELS, window)
    plane.dots(np.frombuffer(points, np.float32).reshape(-1, 2), _DATUM_PIXELS, style.DATA)
    return plane


def scatter(title: str, points: np.ndarray, behind: Plane) -> Panel:
    """Points (n, d) in two coordinates."""
    plane = behind.copy()
    plane.dots(points, _POINT_PIXELS, style.SERIES[0], opacity=0.35)
    return _panel(plane, title, points)


def lines(title: str, paths: np.ndarray, behind: Plane) -> Panel:
    """Paths (W, T, d) from their first points, which are dots."""
    plane = behind.copy()
    for index, path in enumerate(paths):
        colour = style.SERIES[index % len(style.SERIES)]
        plane.line(path, _LINE_PIXELS, colour)
        plane.dots(path[:1], _START_PIXELS, colour)
    return _panel(plane, title, paths.reshape(-1, paths.shape[-1]))


def _panel(plane: Plane, title: str, points: np.ndarray) -> Panel:
    outside = _outside(points, plane.window)
    return Panel(plane.picture(), title, f"{outside:.1%} outside" if outside else "")


def _outside(points: np.ndarray, window: Window) -> float:
    """Share of points that the window does not show, those that are not finite included."""
    left, right, bottom, top = window
    x, y = points[:, 0], points[:, 1]
    shown = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    return float(1 - shown.mean()) if len(points) else 0.0


def sheet(panels: Sequence[Panel], heading: str = "") -> Image.Image:
    """Panels in rows of at most five, each under its title."""
    rows = math.ceil(len(panels) / _MOST_COLUMNS)
    columns = math.ceil(len(panels) / rows)
    width = max(panel.picture.width for panel in panels) + style.MARGIN_PIXELS
    title = _TITLE_ROW if any(panel.title or panel.note for panel in panels) else 0
    height = max(panel.picture.height for panel in panels) + style.MARGIN_PIXELS + title
    top = style.MARGIN_PIXELS + (_HEADING_ROW if heading else 0)
    sheet = Image.new("RGB", (columns * width + style.MARGIN_PIXELS, rows * height + top), style.PAPER)
    draw = ImageDraw.Draw(sheet)
    bold = style.font(style.HEADING_PIXELS, bold=True)
    draw.text((style.MARGIN_PIXELS, style.MARGIN_PIXELS), heading, style.INK, bold)
    for index, panel in enumerate(panels):
        x, y = style.MARGIN_PIXELS + index % columns * width, top + index // columns * height
        _caption(draw, panel, x, y)
        sheet.paste(panel.picture, (x, y + title))
    return sheet


def panel_box(size: tuple[int, int], index: int, count: int) -> Box:
    """Where a panel is in a sheet of that size, of `count` square ones that have titles and no heading."""
    rows = math.ceil(count / _MOST_COLUMNS)
    columns = math.ceil(count / rows)
    margin = style.MARGIN_PIXELS
    right, down = ((side - margin) // n for side, n in zip(size, (columns, rows), strict=True))
    left, top = margin + index % columns * right, margin + index // columns * down + _TITLE_ROW
    return left, top, left + right - margin, top + down - margin - _TITLE_ROW


def _caption(draw: ImageDraw.ImageDraw, panel: Panel, x: int, y: int) -> None:
    """Title on the left, note on the right, the title in smaller type where it would not fit."""
    note = style.font(style.NOTE_PIXELS)
    free = panel.picture.width - note.getlength(panel.note + "  " if panel.note else "")
    sizes = range(style.TITLE_PIXELS, style.SMALLEST_PIXELS - 1, -1)
    fitting = [size for size in sizes if style.font(size).getlength(panel.title) <= free]
    title = style.font(max(fitting, default=style.SMALLEST_PIXELS))
    base = y + style.TITLE_PIXELS
    draw.text((x, base), panel.title, style.INK, title, anchor="ls")
    draw.text((x + panel.picture.width, base), panel.note, style.MUTED, note, anchor="rs")
