import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from genbench.report.pictures import image_grid, overview, samples_picture, scatter_grid

DIGITS = (load_digits().images / 16).astype(np.float32)[:, None]
POINTS = np.random.default_rng(0).normal(size=(3, 500, 2)).astype(np.float32)
GREY = (184, 192, 200)


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB")).astype(int)


def grey_share(picture: Image.Image) -> float:
    return float((np.abs(pixels(picture) - GREY).sum(axis=-1) < 30).mean())


def blue_share(picture: Image.Image) -> float:
    return float((pixels(picture)[..., 2] - pixels(picture)[..., 0] > 40).mean())


@pytest.mark.parametrize(
    ("shape", "scale", "size"),
    [
        ((2, 5, 1, 8, 8), None, (5 * 58 - 2, 2 * 58 - 2)),
        ((1, 3, 3, 32, 32), None, (3 * 34 - 2, 32)),
        ((1, 3, 1, 28, 28), None, (3 * 58 - 2, 56)),
        ((4, 2, 1, 8, 8), 3, (2 * 26 - 2, 4 * 26 - 2)),
        ((1, 1, 3, 64, 128), None, (128, 64)),
    ],
)
def test_a_grid_has_whole_tiles_and_thin_gaps(
    shape: tuple[int, ...], scale: int | None, size: tuple[int, int]
) -> None:
    picture = image_grid(np.zeros(shape), scale)
    assert picture.size == size
    if shape[1] > 1:
        tile = (size[0] - 2 * (shape[1] - 1)) // shape[1]
        assert (pixels(picture)[:, tile : tile + 2] == 255).all()
        assert (pixels(picture)[:10, :tile] == 0).all()


def test_a_grid_shows_each_image_where_it_belongs() -> None:
    images = np.zeros((2, 3, 3, 8, 8), np.uint8)
    images[1, 2, 0] = 255
    red = pixels(image_grid(images, 2))[18:34, 36:52]
    assert (red == (255, 0, 0)).all()


def test_bytes_and_numbers_give_the_same_picture_and_nan_is_black() -> None:
    numbers = DIGITS[:6].reshape(2, 3, 1, 8, 8).copy()
    as_bytes = np.rint(numbers * 255).astype(np.uint8)
    np.testing.assert_array_equal(pixels(image_grid(numbers)), pixels(image_grid(as_bytes)))
    assert (pixels(image_grid(np.full((1, 1, 1, 8, 8), np.nan))) == 0).all()


@pytest.mark.parametrize("shape", [(3, 1, 8, 8), (1, 3, 2, 8, 8)])
def test_what_is_no_image_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected images of shape"):
        image_grid(np.zeros(shape))


def test_a_picture_of_images_has_the_data_and_a_row_a_seed() -> None:
    generated = DIGITS[:128].reshape(2, 64, 1, 8, 8)
    bare = samples_picture(generated, DIGITS[128:192])
    named = samples_picture(generated, DIGITS[128:192], seeds=[3, 7])
    assert bare.height == named.height == 56 + 114 + 3 * 14
    assert (named.width - bare.width, bare.width) == (58, 16 * 58 - 2 + 28)
    np.testing.assert_array_equal(pixels(bare)[14:70, 14:70], pixels(image_grid(DIGITS[None, 128:129])))
    assert (pixels(named)[:, :60] < 128).any()


def test_a_scatter_shows_data_in_grey_and_samples_in_blue() -> None:
    reference = POINTS[0] * 0.2
    picture = scatter_grid(np.stack([POINTS[1] * 0.2 + 0.5] * 2), reference, seeds=[0, 1])
    assert picture.width > 2 * 346
    assert grey_share(picture) > 0.01
    assert blue_share(scatter_grid(np.empty((1, 0, 2)), reference)) == 0
    assert blue_share(picture) > 0.01


def test_a_scatter_says_how_much_it_does_not_show() -> None:
    inside = scatter_grid(POINTS[:1], POINTS[0])
    outside = POINTS[:1].copy()
    outside[0, :100] = np.nan
    outside[0, 100:200] = 1e9
    noted = scatter_grid(outside, POINTS[0])
    assert noted.height > inside.height
    wide = scatter_grid(POINTS[:1], POINTS[0], limits=(-100, 100, -100, 100))
    assert grey_share(wide) < grey_share(inside)


def test_reference_without_spread_can_be_drawn() -> None:
    assert scatter_grid(POINTS[:1], np.zeros((5, 2), np.float32)).width > 346


def test_an_overview_of_points_has_a_panel_a_method_and_the_data() -> None:
    few = overview("ring8", {"gan": POINTS}, POINTS[0])
    many = overview("ring8", {f"model {i}": POINTS[:1] for i in range(9)}, POINTS[0])
    assert (few.width - 14) // 2 == (many.width - 14) // 5
    assert many.height > 2 * 346


def test_an_overview_of_images_takes_rows_from_every_seed() -> None:
    shades = np.stack([np.full((64, 1, 8, 8), shade, np.uint8) for shade in (50, 150, 250)])
    sheet = pixels(overview("digits", {"vae": shades}, shades[0]))
    for shade in (50, 150, 250):
        assert (sheet == shade).all(axis=-1).sum() >= 12 * 56 * 56


@pytest.mark.parametrize("n", [1, 2, 7])
def test_an_overview_takes_few_samples_as_well(n: int) -> None:
    assert overview("digits", {"vae": DIGITS[None, :n]}, DIGITS[:64]).width > 2 * 346
