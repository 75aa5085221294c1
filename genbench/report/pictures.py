"""Samples as pictures: a grid a run, an overview a task. Reads arrays, knows no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from genbench.report import style

Window = tuple[float, float, float, float]
"""Left, right, bottom and top of what a panel shows."""

TILE_PIXELS = 56
PANEL_PIXELS = 346
ROW_IMAGES = 16
PANEL_IMAGES = 6
_LABEL_PIXELS = 58
_TITLE_ROW = 24
_HEADING_ROW = 36
_MOST_COLUMNS = 5
_MOST_DOTS = 2000
_MARGIN = 1.25
_DOTS_PER_INCH = 100


@dataclass(frozen=True)
class _Panel:
    picture: Image.Image
    title: str = ""
    note: str = ""


def samples_picture(
    generated: np.ndarray, real: np.ndarray, seeds: Sequence[int] | None = None
) -> Image.Image:
    """What each seed of a run generates, with real data first.

    Args:
        generated: shape (S, n, C, H, W) for images, (S, n, d) for points.
        real: shape (m, C, H, W) or (m, d).
        seeds: names the S rows; without it they bear no names.
    """
    if generated.ndim == 3:
        return scatter_grid(generated, real, seeds=seeds)
    columns = min(ROW_IMAGES, generated.shape[1], len(real))
    data, made = _tiles(real[None, :columns]), _tiles(generated[:, :columns])
    gutter = _LABEL_PIXELS if seeds else 0
    width = gutter + made.width + 2 * style.MARGIN_PIXELS
    picture = Image.new("RGB", (width, data.height + made.height + 3 * style.MARGIN_PIXELS), style.PAPER)
    left, top = style.MARGIN_PIXELS + gutter, 2 * style.MARGIN_PIXELS + data.height
    picture.paste(data, (left, style.MARGIN_PIXELS))
    picture.paste(made, (left, top))
    row = (made.height + style.GAP_PIXELS) / len(generated)
    for index, title in enumerate(["data", *_seed_titles(seeds)] if seeds else []):
        middle = top + row * (index - 0.5) if index else style.MARGIN_PIXELS + data.height / 2
        ink = style.INK if index else style.MUTED
        at = (style.MARGIN_PIXELS, middle)
        ImageDraw.Draw(picture).text(at, title, fill=ink, font=style.font(style.NOTE_PIXELS), anchor="lm")
    return picture


def image_grid(images: np.ndarray, scale: int | None = None) -> Image.Image:
    """One row a seed, one column a sample.

    Small images are enlarged a whole number of times, bicubically: eyes recognise a digit of 8 × 8 pixels
    in a smooth picture, and hardly in blocks.

    Args:
        images: shape (S, n, C, H, W), uint8 or float in [0, 1], C either 1 or 3. What is not finite is black.
        scale: pixels of the picture for a pixel of an image; chosen by the size of the images if None.
    """
    return _tiles(images, scale)


def scatter_grid(
    points: np.ndarray,
    reference: np.ndarray,
    limits: Window | None = None,
    seeds: Sequence[int] | None = None,
) -> Image.Image:
    """One panel a seed, in the first two coordinates, with the data in grey behind.

    Args:
        points: shape (S, n, d), d at least 2.
        reference: real data, shape (m, d).
        limits: what to show; all the data, with a margin, if None.
        seeds: names the S panels; without it they bear no names.
    """
    window = limits or data_window(reference)
    titles = _seed_titles(seeds) if seeds else [""] * len(points)
    return _sheet([_scatter(*pair, reference, window) for pair in zip(titles, points, strict=True)])


def overview(title: str, samples: Mapping[str, np.ndarray], real: np.ndarray) -> Image.Image:
    """All methods of one task side by side, real data first.

    Args:
        title: heads the sheet, usually the task's name.
        samples: method → shape (S, n, C, H, W) or (S, n, d). Of images, rows alternate between seeds;
            of points, all seeds lie in one panel.
        real: shape (m, C, H, W) or (m, d).
    """
    if real.ndim == 2:
        window = data_window(real)
        pooled = {"data": real[:0], **{name: np.concatenate(list(own)) for name, own in samples.items()}}
        panels = [_scatter(name, points, real, window) for name, points in pooled.items()]
    else:
        everything = {"data": real[None], **samples}
        panels = [_Panel(_tiles(_rows_of_seeds(own)), name) for name, own in everything.items()]
    return _sheet(panels, title)


def _seed_titles(seeds: Sequence[int]) -> list[str]:
    return [f"seed {seed}" for seed in seeds]


def _tiles(images: np.ndarray, scale: int | None = None) -> Image.Image:
    if images.ndim != 5 or images.shape[2] not in (1, 3):
        raise ValueError(f"expected images of shape (S, n, 1 or 3, H, W), got {images.shape}")
    rows, columns, _, height, width = images.shape
    factor = scale or max(1, TILE_PIXELS // max(height, width))
    size, gap = (factor * width, factor * height), style.GAP_PIXELS
    right, down = size[0] + gap, size[1] + gap
    sheet = Image.new("RGB", (columns * right - gap, rows * down - gap), style.PAPER)
    channels_last = _bytes(images).transpose(0, 1, 3, 4, 2)
    colours = np.broadcast_to(channels_last, (rows, columns, height, width, 3))
    for row, column in np.ndindex(rows, columns):
        tile = Image.fromarray(np.ascontiguousarray(colours[row, column]))
        sheet.paste(tile.resize(size, Image.Resampling.BICUBIC), (column * right, row * down))
    return sheet


def _bytes(images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    return np.rint(np.nan_to_num(images).clip(0, 1) * 255).astype(np.uint8)


def _rows_of_seeds(images: np.ndarray) -> np.ndarray:
    """A square of images, or what there is of it, whose rows alternate between seeds."""
    seeds, n = images.shape[:2]
    columns = min(PANEL_IMAGES, n)
    rows = min(PANEL_IMAGES, seeds * (n // columns))
    return np.stack([images[row % seeds, row // seeds * columns :][:columns] for row in range(rows)])


def data_window(reference: np.ndarray) -> Window:
    """A square around the first two coordinates of data, shape (m, d), with a margin."""
    low, high = reference[:, :2].min(axis=0), reference[:, :2].max(axis=0)
    half = max(float((high - low).max()) / 2 * _MARGIN, 1e-6)
    x, y = (float(middle) for middle in (low + high) / 2)
    return x - half, x + half, y - half, y + half


def _scatter(title: str, points: np.ndarray, reference: np.ndarray, window: Window) -> _Panel:
    inches = PANEL_PIXELS / _DOTS_PER_INCH
    figure = Figure(figsize=(inches, inches), dpi=_DOTS_PER_INCH, facecolor=style.PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=window[:2], ylim=window[2:], xticks=[], yticks=[])
    axes.spines[:].set(color=style.RULE, linewidth=1.5)
    axes.scatter(reference[:_MOST_DOTS, 0], reference[:_MOST_DOTS, 1], s=9, color=style.DATA, linewidths=0)
    axes.scatter(points[:, 0], points[:, 1], s=4, color=style.SERIES[0], alpha=0.35, linewidths=0)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    outside = _outside(points, window)
    note = f"{outside:.1%} outside" if outside else ""
    return _Panel(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"), title, note)


def _outside(points: np.ndarray, window: Window) -> float:
    """Share of points that the window does not show, those that are not finite included."""
    left, right, bottom, top = window
    x, y = points[:, 0], points[:, 1]
    shown = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    return float(1 - shown.mean()) if len(points) else 0.0


def _sheet(panels: Sequence[_Panel], heading: str = "") -> Image.Image:
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


def _caption(draw: ImageDraw.ImageDraw, panel: _Panel, x: int, y: int) -> None:
    """Title on the left, note on the right, the title in smaller type where it would not fit."""
    note = style.font(style.NOTE_PIXELS)
    free = panel.picture.width - note.getlength(panel.note + "  " if panel.note else "")
    sizes = range(style.TITLE_PIXELS, style.SMALLEST_PIXELS - 1, -1)
    fitting = [size for size in sizes if style.font(size).getlength(panel.title) <= free]
    title = style.font(max(fitting, default=style.SMALLEST_PIXELS))
    base = y + style.TITLE_PIXELS
    draw.text((x, base), panel.title, style.INK, title, anchor="ls")
    draw.text((x + panel.picture.width, base), panel.note, style.MUTED, note, anchor="rs")
