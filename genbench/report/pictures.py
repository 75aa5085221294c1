"""Samples as pictures: a grid a run, walks through its latent space, an overview a task. Knows no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from genbench.report import style
from genbench.report.panels import Box, Panel, before_data, data_window, lines, panel_box, scatter, sheet
from genbench.report.plane import Window

TILE_PIXELS = 56
ROW_IMAGES = 16
PANEL_IMAGES = 6
_LABEL_PIXELS = 58


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
    titles = [["data"], _seed_titles(seeds)] if seeds else [[], []]
    return _labelled([data, made], titles)


def seed_of(picture: Image.Image, index: int, seeds: int, points: bool) -> Image.Image | None:
    """What the index-th of `seeds` seeds made, cut out of a picture; see `box_of`."""
    box = box_of(picture.size, index, seeds, points)
    return picture.crop(box) if box else None


def box_of(size: tuple[int, int], index: int, seeds: int, points: bool) -> Box | None:
    """Where the index-th of `seeds` seeds is in a picture by `samples_picture` of that size that names them.

    None of a picture that is too small to be one.
    """
    width, height = size
    if points:
        box = panel_box(size, index, seeds)
        return box if box[0] < box[2] and box[1] < box[3] else None
    margin, gap = style.MARGIN_PIXELS, style.GAP_PIXELS
    tile = (height - 3 * margin - (seeds - 1) * gap) // (seeds + 1)
    if tile < 1 or width <= 2 * margin + _LABEL_PIXELS:
        return None
    top = 2 * margin + tile + index * (tile + gap)
    return margin + _LABEL_PIXELS, top, width - margin, top + tile


def walks_picture(paths: np.ndarray, real: np.ndarray, seeds: Sequence[int]) -> Image.Image:
    """Samples along walks through the latent space of each seed of a run.

    Args:
        paths: W walks of T stops a seed, shape (S, W, T, C, H, W) for images, a row a walk; (S, W, T, d) for
            points, a line a walk, which begins at its dot.
        real: points (m, d), shown in grey; not shown for images.
        seeds: names the S rows or panels.
    """
    if paths.ndim == 4:
        pairs = zip(_seed_titles(seeds), paths, strict=True)
        behind = before_data(real, data_window(real))
        return sheet([lines(title, own, behind) for title, own in pairs])
    blocks = [_tiles(own) for own in paths]
    return _labelled(blocks, [[title] for title in _seed_titles(seeds)])


def _labelled(blocks: Sequence[Image.Image], titles: Sequence[Sequence[str]]) -> Image.Image:
    """Blocks of rows below each other, each row with a title on its left; without titles, no gutter."""
    gutter = _LABEL_PIXELS if any(titles) else 0
    margin = style.MARGIN_PIXELS
    width = gutter + max(block.width for block in blocks) + 2 * margin
    height = sum(block.height + margin for block in blocks) + margin
    picture, top = Image.new("RGB", (width, height), style.PAPER), margin
    for block, own in zip(blocks, titles, strict=True):
        picture.paste(block, (margin + gutter, top))
        for index, title in enumerate(own):
            middle = top + (block.height + style.GAP_PIXELS) / len(own) * (index + 0.5)
            ink = style.MUTED if title == "data" else style.INK
            font = style.font(style.NOTE_PIXELS)
            ImageDraw.Draw(picture).text((margin, middle), title, fill=ink, font=font, anchor="lm")
        top += block.height + margin
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
    behind = before_data(reference, limits or data_window(reference))
    titles = _seed_titles(seeds) if seeds else [""] * len(points)
    return sheet([scatter(*pair, behind) for pair in zip(titles, points, strict=True)])


def overview(title: str, samples: Mapping[str, np.ndarray], real: np.ndarray) -> Image.Image:
    """All methods of one task side by side, real data first.

    Args:
        title: heads the sheet, usually the task's name.
        samples: method → shape (S, n, C, H, W) or (S, n, d). Of images, rows alternate between seeds;
            of points, all seeds lie in one panel.
        real: shape (m, C, H, W) or (m, d).
    """
    if real.ndim == 2:
        behind = before_data(real, data_window(real))
        pooled = {"data": real[:0], **{name: np.concatenate(list(own)) for name, own in samples.items()}}
        panels = [scatter(name, points, behind) for name, points in pooled.items()]
    else:
        everything = {"data": real[None], **samples}
        panels = [Panel(_tiles(_rows_of_seeds(own)), name) for name, own in everything.items()]
    return sheet(panels, title)


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
