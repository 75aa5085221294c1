import numpy as np
import torch
from sklearn.datasets import load_digits
from task_files import labels

from genbench.tasks import digits


def test_images_are_grey_floats_in_the_unit_interval() -> None:
    task = digits()
    assert task.shape == (1, 8, 8)
    assert task.kind == "images"
    assert task.classifier == "digits"
    assert task.train.dtype == task.held_out.dtype == torch.float32
    assert task.train.min() == 0
    assert task.train.max() == 1
    assert torch.equal(task.to_float(task.train), task.train)


def test_split_is_of_the_documented_size_and_complete() -> None:
    task = digits()
    assert (len(task.train), len(task.held_out)) == (1437, 360)
    together = torch.cat([task.train, task.held_out]).flatten(1).mul(16).int().tolist()
    assert sorted(together) == sorted(load_digits().data.astype(int).tolist())


def test_labels_belong_to_their_images() -> None:
    task, bunch = digits(), load_digits()
    label_of = {
        tuple(image): label
        for image, label in zip(bunch.data.astype(int).tolist(), bunch.target, strict=True)
    }
    for images, classes in zip((task.train, task.held_out), labels(task), strict=True):
        keys = images.flatten(1).mul(16).int().tolist()
        assert [label_of[tuple(key)] for key in keys] == classes.tolist()


def test_split_is_stratified() -> None:
    task = digits()
    counts = np.bincount(load_digits().target)
    held_out = labels(task)[1].bincount(minlength=10).numpy()
    assert (abs(held_out - counts / 5) < 1).all()


def test_split_is_fixed() -> None:
    assert digits().checksum() == digits().checksum()
    first = load_digits().target.tolist().index(0)
    assert torch.equal(
        digits().held_out[digits().held_out_labels == 0][0].flatten() * 16,
        torch.from_numpy(load_digits().data[first]).float(),
    )


def test_grey_values_lie_on_seventeen_levels() -> None:
    task = digits()
    assert task.levels == 17
    steps = task.train.double() * (task.levels - 1)
    assert torch.equal(steps, steps.round())
    assert len(steps.unique()) == task.levels
