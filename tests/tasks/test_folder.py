import zipfile
from pathlib import Path

import pytest
import torch
from task_files import labels, png, write_pictures

from genbench.registry import tasks
from genbench.tasks import Task, folder
from genbench.types import InputError


def numbered(names: list[str]) -> dict[str, bytes]:
    """Images whose grey is their position in `names`."""
    return {name: png(i) for i, name in enumerate(names)}


def greys(images: torch.Tensor) -> list[int]:
    return images[:, 0, 0, 0].tolist()


FLAT = [f"{i:02}.png" for i in range(40)]


def test_images_are_bytes_of_the_size_and_channels_asked(tmp_path: Path) -> None:
    task = folder(write_pictures(tmp_path, numbered(FLAT)), size=16, channels=1)
    assert task.shape == (1, 16, 16)
    assert task.train.dtype == torch.uint8
    assert (task.name, task.kind, task.classifier) == ("folder", "images", None)
    assert task.levels == 256
    assert task.metrics == ("sliced_wasserstein@1k",)


@pytest.mark.parametrize(("share", "count"), [(0.1, 4), (0.25, 10), (0.001, 1), (0.999, 39)])
def test_every_image_is_in_one_split(share: float, count: int, tmp_path: Path) -> None:
    task = folder(write_pictures(tmp_path, numbered(FLAT)), held_out=share)
    assert len(task.held_out) == count
    assert sorted(greys(task.train) + greys(task.held_out)) == list(range(40))
    assert greys(task.train) == sorted(greys(task.train))


def test_split_depends_on_names_below_the_folder_alone(tmp_path: Path) -> None:
    here = folder(write_pictures(tmp_path / "here", numbered(FLAT)))
    there = folder(write_pictures(tmp_path / "there" / "deep", numbered(FLAT)).parent)
    assert here.checksum() == there.checksum()


def test_a_larger_share_holds_out_the_same_images_and_more(tmp_path: Path) -> None:
    write_pictures(tmp_path, numbered(FLAT))
    small, large = (set(greys(folder(tmp_path, held_out=share).held_out)) for share in (0.1, 0.5))
    assert small < large
    assert small != set(range(len(small)))


def test_class_folders_become_labels_in_sorted_order(tmp_path: Path) -> None:
    names = [f"{kind}/{i}.png" for kind in ("cat", "dog", "eel") for i in range(10)]
    task = folder(write_pictures(tmp_path, numbered(names)))
    for images, classes in zip((task.train, task.held_out), labels(task), strict=True):
        assert classes.tolist() == [grey // 10 for grey in greys(images)]


def test_there_are_no_labels_where_some_image_has_no_class(tmp_path: Path) -> None:
    task = folder(write_pictures(tmp_path, numbered(["cat/1.png", "dog/1.png", "stray.png"])))
    assert task.train_labels is None
    assert task.held_out_labels is None


def official(tmp_path: Path, prefix: str = "") -> Task:
    names = [
        f"{prefix}{name}"
        for name in (
            "extra/x.png",
            "test/b/1.png",
            "train/a/1.png",
            "train/a/2.png",
            "train/c/d/e.png",
            "z.png",
        )
    ]
    return folder(write_pictures(tmp_path, numbered(names)), held_out=0.9)


@pytest.mark.parametrize("prefix", ["", "outer/", "outer/inner/"])
def test_train_and_test_are_the_split(prefix: str, tmp_path: Path) -> None:
    task = official(tmp_path, prefix)
    assert greys(task.train) == [2, 3, 4]
    assert greys(task.held_out) == [1]


def test_classes_are_counted_over_both_splits(tmp_path: Path) -> None:
    task = official(tmp_path)
    assert [part.tolist() for part in labels(task)] == [[0, 0, 2], [1]]


def test_a_lone_train_folder_is_no_split(tmp_path: Path) -> None:
    task = folder(write_pictures(tmp_path, numbered([f"train/{name}" for name in FLAT])))
    assert (len(task.train), len(task.held_out)) == (36, 4)


def test_an_archive_equals_its_folder(tmp_path: Path) -> None:
    write_pictures(tmp_path / "set", numbered([f"set/{kind}/{name}" for kind in "ab" for name in FLAT]))
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for file in (tmp_path / "set").rglob("*.png"):
            archive.write(file, file.relative_to(tmp_path))
    as_folder, as_archive = folder(tmp_path / "set"), folder(tmp_path / "set.zip")
    assert as_folder.checksum() == as_archive.checksum()
    assert torch.equal(labels(as_folder)[0], labels(as_archive)[0])


def test_a_relative_path_may_lie_in_the_data_directory(tmp_path: Path) -> None:
    write_pictures(tmp_path / "mine", numbered(FLAT))
    assert len(tasks["folder"].create(path="mine", data_dir=tmp_path).train) == 36


def test_the_working_directory_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "data" / "mine", numbered(FLAT))
    write_pictures(tmp_path / "mine", numbered(FLAT[:10]))
    monkeypatch.chdir(tmp_path)
    assert len(folder(Path("mine")).train) == 9


def test_a_missing_path_is_an_error_that_names_both_places(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"at nowhere nor at .*nowhere"):
        folder(Path("nowhere"), data_dir=tmp_path)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images_are_an_error(count: int, tmp_path: Path) -> None:
    write_pictures(tmp_path, {"notes.txt": b"", **numbered(FLAT[:count])})
    with pytest.raises(InputError, match=f"holds {count} images, give two at least"):
        folder(tmp_path)


def test_two_images_are_enough(tmp_path: Path) -> None:
    task = folder(write_pictures(tmp_path, numbered(FLAT[:2])))
    assert (len(task.train), len(task.held_out)) == (1, 1)


@pytest.mark.parametrize(
    "options", [{"size": 0}, {"channels": 2}, {"held_out": 0.0}, {"held_out": 1.0}, {"path": 3}, {}]
)
def test_bad_options_are_refused(options: dict[str, object], tmp_path: Path) -> None:
    given = {"path": tmp_path, **options} if options else {}
    with pytest.raises(InputError, match="folder"):
        tasks["folder"].create(**given)


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path, numbered(FLAT) | {"broken.png": png(3)[:40]})
    with pytest.raises(InputError, match=r"broken\.png .*; replace or remove it"):
        folder(tmp_path)
