import io

import numpy as np
import pytest
from PIL import Image

from genbench.report.plane import Plane
from genbench.report.png import png

WINDOW = (-1.0, 1.0, -1.0, 1.0)


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


def ink(plane: Plane) -> float:
    """Pixels' worth of black, without the frame."""
    return float((255 - pixels(plane.picture())[1:-1, 1:-1, 0]).sum() / 255)


def test_a_dot_covers_its_area_where_it_belongs() -> None:
    plane = Plane(100, WINDOW)
    plane.dots(np.array([[0.5, 0.5]]), 4.0, "#000000")
    assert ink(plane) == pytest.approx(np.pi * 16, rel=0.05)
    rows, columns = np.nonzero(pixels(plane.picture())[1:-1, 1:-1, 0] < 128)
    assert (rows.mean() + 1.5, columns.mean() + 1.5) == pytest.approx((25, 75), abs=0.3)


def test_translucent_dots_let_less_and_less_through() -> None:
    plane = Plane(20, WINDOW)
    shades = []
    for _ in range(3):
        plane.dots(np.zeros((1, 2)), 3.0, "#000000", opacity=0.5)
        shades.append(int(pixels(plane.picture())[10, 10, 0]))
    assert shades == pytest.approx([128, 64, 32], abs=2)
    together = Plane(20, WINDOW)
    together.dots(np.zeros((3, 2)), 3.0, "#000000", opacity=0.5)
    assert pixels(together.picture())[10, 10, 0] == pytest.approx(32, abs=2)


def test_a_line_is_as_wide_as_it_should_be() -> None:
    plane = Plane(100, WINDOW)
    plane.line(np.array([[-0.8, -0.8], [0.8, 0.8]]), 3.0, "#000000")
    length = 0.8 * 100 * 2**0.5
    assert ink(plane) == pytest.approx(3 * length + np.pi * 1.5**2, rel=0.05)


@pytest.mark.parametrize("far", [np.nan, np.inf, 1e30, -1e9])
def test_what_cannot_be_seen_is_left_out(far: float) -> None:
    plane = Plane(100, WINDOW)
    plane.dots(np.array([[far, 0.0], [0.0, far]]), 4.0, "#000000")
    assert ink(plane) == 0
    plane.line(np.full((3, 2), far), 3.0, "#000000")
    plane.line(np.empty((0, 2)), 3.0, "#000000")
    assert ink(plane) == 0
    plane.line(np.array([[0.0, 0.0], [far, 0.0]]), 2.0, "#000000")  # leaves to the side, or ends at once
    assert ink(plane) < 2 * 52


def test_a_copy_is_drawn_on_alone() -> None:
    plane = Plane(20, WINDOW)
    other = plane.copy()
    other.dots(np.zeros((1, 2)), 3.0, "#000000")
    assert ink(plane) == 0 < ink(other)


@pytest.mark.parametrize(
    ("mode", "size"), [("RGB", (1, 1)), ("L", (7, 5)), ("RGB", (300, 2)), ("RGB", (2, 300))]
)
def test_a_png_is_the_picture(mode: str, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    picture = Image.fromarray(noise).convert(mode)
    read = Image.open(io.BytesIO(png(picture)))
    assert read.format == "PNG"
    np.testing.assert_array_equal(np.asarray(read), np.asarray(picture.convert("RGB")))
