"""The shipped classifiers: accuracy on held-out images, what they read and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn.functional import pad

from genbench.metrics import classifier
from genbench.metrics.lenet import held_out_accuracy, save, shifted, train
from genbench.tasks import digits, mnist
from genbench.types import InputError


def test_digits_are_named_right() -> None:
    accuracy = held_out_accuracy(classifier.shipped("digits"), digits())
    assert accuracy >= 0.98
    assert accuracy == pytest.approx(classifier.accuracy("digits"), abs=0.005)


def test_mnist_is_named_right(mnist_folder: Path | None) -> None:
    """The accuracy stored with the weights is the measured one; where the data lie it is measured again."""
    assert classifier.accuracy("mnist") >= 0.99
    if mnist_folder is not None:
        accuracy = held_out_accuracy(classifier.shipped("mnist"), mnist(data_dir=mnist_folder))
        assert accuracy == pytest.approx(classifier.accuracy("mnist"), abs=0.0005)


def test_features_and_probabilities_belong_together() -> None:
    images = digits().held_out[:20]
    net = classifier.shipped("digits")
    expected = net.head(classifier.features(images, "digits")).softmax(dim=1)
    torch.testing.assert_close(classifier.probabilities(images, "digits"), expected)
    assert classifier.features(images, "digits").shape == (20, classifier.FEATURES)


def test_the_frame_of_padded_mnist_is_cut_off() -> None:
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    framed = classifier.features(pad(images, (2, 2, 2, 2)), "mnist")
    torch.testing.assert_close(framed, classifier.features(images, "mnist"))


def test_the_result_does_not_depend_on_the_batch() -> None:
    images = torch.rand(1500, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    together = classifier.features(images, "digits")
    torch.testing.assert_close(together[1300:1301], classifier.features(images[1300:1301], "digits"))


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (2, 1, 9, 9), (2, 64)])
def test_other_images_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"reads \(1, 8, 8\)"):
        classifier.features(torch.zeros(shape), "digits")


def test_an_unknown_classifier_is_named() -> None:
    with pytest.raises(InputError, match="digits and mnist"):
        classifier.shipped("letters")


def test_weights_are_small() -> None:
    for name in classifier.SIZES:
        assert (classifier.WEIGHTS / f"{name}.safetensors").stat().st_size < 1_500_000


def test_training_is_repeatable_and_learns(tmp_path: Path) -> None:
    task = digits()
    first, again = (train(task, epochs=1, shift=1) for _ in range(2))
    assert torch.equal(first.head.weight, again.head.weight)
    assert save(first, task, tmp_path / "digits.safetensors") > 0.5


def test_shifting_moves_an_image_whole() -> None:
    images = torch.zeros(200, 1, 8, 8)
    images[:, 0, 4, 4] = 1
    moved = shifted(images, 1, torch.Generator().manual_seed(0))
    assert moved.flatten(1).sum(dim=1).eq(1).all()
    assert set(moved.flatten(1).argmax(dim=1).tolist()) == {8 * r + c for r in (3, 4, 5) for c in (3, 4, 5)}
