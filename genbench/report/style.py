"""How everything that is drawn looks: one place for colours, sizes and type."""

from __future__ import annotations

import functools
from pathlib import Path

import matplotlib as mpl
from PIL import ImageFont

PAPER = "#ffffff"
INK = "#1f2328"
MUTED = "#656d76"
RULE = "#d0d7de"
DATA = "#b8c0c8"
"""Colours of paper, text, side notes, thin lines and real data."""

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#b8a800")
"""Okabe and Ito's palette, which colour-blind readers can tell apart, its yellow darkened for thin lines on
white; methods take its colours in order."""

HEADING_PIXELS = 22
TITLE_PIXELS = 17
SMALLEST_PIXELS = 11
NOTE_PIXELS = 13
GAP_PIXELS = 2
MARGIN_PIXELS = 14


@functools.cache
def font(pixels: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans as matplotlib ships it, so that pictures look alike on every machine."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(mpl.get_data_path(), "fonts", "ttf", name)), pixels)
