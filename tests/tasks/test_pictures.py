import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image
from task_files import png, write_pictures
from torch import Tensor

from genbench.tasks import decode, open_pictures, pictures
from genbench.types import InputError


def read(path: Path, size: int = 8, channels: Literal[1, 3] = 3) -> Tensor:
    with open_pictures(path) as found:
        return decode(found, size, channels)


def names(path: Path) -> list[str]:
    with open_pictures(path) as found:
        return ["/".join(picture.path) for picture in found]


def zipped(file: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def test_folder_and_archive_give_the_same_images(tmp_path: Path) -> None:
    members = {"b/2.png": png((1, 2, 3)), "a/1.png": png((4, 5, 6)), "3.PNG": png((7, 8, 9))}
    folder = write_pictures(tmp_path / "folder", members)
    archive = zipped(tmp_path / "archive.zip", members)
    assert names(folder) == names(archive) == ["3.PNG", "a/1.png", "b/2.png"]
    assert torch.equal(read(folder), read(archive))
    assert read(folder)[:, :, 0, 0].tolist() == [[7, 8, 9], [4, 5, 6], [1, 2, 3]]


def test_other_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    members = {
        "a.png": png(1),
        "notes.txt": b"",
        ".hidden.png": b"",
        ".cache/b.png": b"",
        "__MACOSX/a.png": b"",
        "../up.png": b"",
    }
    assert names(zipped(tmp_path / "archive.zip", members)) == ["a.png"]


def test_an_archive_is_never_unpacked(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "archive.zip", {"a/b.png": png(1)})
    read(archive)
    assert list(tmp_path.iterdir()) == [archive]


def test_an_image_of_the_right_size_is_unchanged(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    assert np.array_equal(read(tmp_path)[0].permute(1, 2, 0).numpy(), pixels)


def test_the_central_square_is_kept(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30), dtype=np.uint8)
    pixels[:, 10:20] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    assert read(tmp_path, size=5, channels=1).min() > 150  # the filter reaches over the edge a little


@pytest.mark.parametrize(("channels", "expected"), [(1, [[76]]), (3, [[255, 0, 0]])])
def test_colour_becomes_grey_where_one_channel_is_asked(
    channels: Literal[1, 3], expected: list[list[int]], tmp_path: Path
) -> None:
    write_pictures(tmp_path, {"red.png": png((255, 0, 0))})
    assert read(tmp_path, channels=channels)[:, :, 0, 0].tolist() == expected


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_eight_bit_mode_is_read(mode: str, tmp_path: Path) -> None:
    Image.new("L", (8, 8), 255).convert(mode).save(tmp_path / "white.png")
    assert (read(tmp_path) == 255).all()


@pytest.mark.parametrize("suffix", ["bmp", "gif", "jpg", "ppm", "tiff", "webp"])
def test_other_formats_are_read(suffix: str, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (200, 200, 200)).save(tmp_path / f"grey.{suffix}")
    assert (read(tmp_path).int() - 200).abs().max() <= 2


def test_more_than_eight_bits_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InputError, match=r"deep\.png has more than 8 bits"):
        read(tmp_path)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tiff", "webp"])
def test_a_truncated_image_is_named(suffix: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, suffix.replace("jpg", "jpeg"))
    for keep in (0, 8, len(buffer.getvalue()) // 2):
        write_pictures(tmp_path, {f"cut.{suffix}": buffer.getvalue()[:keep]})
        with pytest.raises(InputError, match=rf"cut\.{suffix}.*; replace or remove it"):
            read(tmp_path)


def test_damaged_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    whole = np.frombuffer(png((10, 20, 30), (16, 16)), dtype=np.uint8)
    for _ in range(200):
        broken = whole.copy()
        broken[random.integers(0, len(whole), 3)] = random.integers(0, 256, 3)
        write_pictures(tmp_path, {"broken.png": broken.tobytes()})
        with suppress(InputError):
            assert read(tmp_path).shape == (1, 3, 8, 8)


def test_a_file_of_another_kind_is_named_without_python_internals(tmp_path: Path) -> None:
    write_pictures(tmp_path, {"text.png": b"no image at all"})
    with pytest.raises(InputError, match=r"text\.png is none of BMP, GIF"):
        read(tmp_path)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path, {"large.png": png(0, (20, 10))})
    monkeypatch.setattr(pictures, "MAX_PIXELS", 199)
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InputError, match=r"large\.png has 20×10 pixels, more than 199"):
        read(tmp_path)


def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    header = bytearray(png(0))
    header[16:24] = (60_000).to_bytes(4, "big") * 2
    write_pictures(tmp_path, {"bomb.png": bytes(header)})
    with pytest.raises(InputError, match=r"bomb\.png"):
        read(tmp_path)


def test_a_member_that_inflates_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "archive.zip", {"zeros.png": bytes(100_000)})
    monkeypatch.setattr(pictures, "MAX_BYTES", 99_999)
    with pytest.raises(InputError, match=r"zeros\.png in .*archive\.zip has more than 99999 bytes"):
        read(archive)


def test_many_small_images_are_refused_before_room_is_made_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path, {"a.png": png(0), "b.png": png(1)})
    monkeypatch.setattr(pictures, "MAX_TOTAL", 2 * 3 * 8 * 8)
    assert read(tmp_path).numel() == 2 * 3 * 8 * 8
    monkeypatch.setattr(pictures, "MAX_TOTAL", 2 * 3 * 8 * 8 - 1)
    monkeypatch.setattr(torch, "empty", lambda *_, **__: pytest.fail("room was made"))
    with pytest.raises(InputError, match="2 images of 8 pixels a side are 384 bytes, give less than 383"):
        read(tmp_path)


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "archive.zip", {"a.png": png(1)})
    content = bytearray(archive.read_bytes())
    content[50] ^= 255
    archive.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"a\.png in .*archive\.zip"):
        read(archive)


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_file_that_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.zip").write_bytes(content)
    with pytest.raises(InputError, match="neither a folder nor a readable zip archive"):
        read(tmp_path / "file.zip")
