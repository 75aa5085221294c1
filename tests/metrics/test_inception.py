"""The published Inception network's plumbing, with random weights in the place of the published ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from pytorch_fid.inception import InceptionV3

from genbench.metrics import Subject, inception, named
from genbench.metrics.inception import inception_features, inception_probabilities
from genbench.tasks import digits, ring8
from genbench.types import InputError, NotAvailableError


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = torchvision.models.inception_v3(num_classes=1008, aux_logits=False, init_weights=False)
    path = tmp_path_factory.mktemp("inception") / "random.pth"
    torch.save(net.state_dict(), path)
    return path


@pytest.fixture
def trusted(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The random weights, taken for the published ones."""
    monkeypatch.setattr(inception, "DIGEST", hashlib.sha256(weights.read_bytes()).hexdigest())
    yield weights
    inception.network.cache_clear()


@pytest.fixture
def empty_hub(tmp_path: Path) -> Iterator[Path]:
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path))
    yield tmp_path
    torch.hub.set_dir(before)


def images(n: int = 2, channels: int = 3) -> torch.Tensor:
    return torch.rand(n, channels, 16, 16, generator=torch.Generator().manual_seed(0))


def test_features_equal_pytorch_fid_on_saved_images(trusted: Path, empty_hub: Path) -> None:
    (empty_hub / "checkpoints").mkdir()
    (empty_hub / "checkpoints" / inception.FILE).symlink_to(trusted)
    net = InceptionV3().eval()
    saved = (images() * 255).round().to(torch.uint8)
    with torch.no_grad():
        expected = net(saved.float() / 255)[0].flatten(1)
    torch.testing.assert_close(inception_features(images(), trusted), expected)
    assert torch.hub.get_dir() == str(empty_hub)


def test_grey_images_fill_three_channels(trusted: Path) -> None:
    grey = images(1, channels=1)
    ours = inception_features(grey, trusted)
    torch.testing.assert_close(ours, inception_features(grey.expand(-1, 3, -1, -1), trusted))
    p = inception_probabilities(grey, trusted)
    assert p.shape == (1, 1008)
    assert p.sum().item() == pytest.approx(1)


def test_absent_weights_make_the_metric_not_available(empty_hub: Path) -> None:
    task = digits()
    subject = Subject(task, lambda n: task.train[:n])
    for name in ("frechet_inception@50k", "kid_inception", "inception_score", "precision_inception@100"):
        assert "not available" in (named(name).refuses(subject) or "")
    with pytest.raises(NotAvailableError, match="fetch"):
        inception_features(images())
    assert not list(empty_hub.rglob("*.pth"))


def test_other_weights_are_no_substitute(weights: Path) -> None:
    with pytest.raises(InputError, match="published"):
        inception_features(images(), weights)


def test_weights_whose_digest_only_begins_alike_are_refused_before_they_are_read(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "DIGEST", digest[:-1] + ("0" if digest[-1] != "0" else "1"))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("the file was opened"))
    for read in (inception_features, inception_probabilities):
        with pytest.raises(InputError, match="published"):
            read(images(), weights)


def test_published_weights_are_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (tmp_path / "ran").mkdir, ()

    torch.save({"fc.weight": Evil()}, tmp_path / "evil.pth")
    digest = hashlib.sha256((tmp_path / "evil.pth").read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "DIGEST", digest)
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        inception_features(images(), tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


def test_a_given_file_is_found_by_the_name(weights: Path) -> None:
    task = digits()
    metric = named(f"frechet_inception:{weights}@50k")
    assert metric.name == "frechet_inception@50k"
    assert metric.refuses(Subject(task, lambda n: task.train[:n])) is None
    points = ring8(samples=10)
    assert "images" in (metric.refuses(Subject(points, lambda n: points.train[:n])) or "")


def test_a_failed_download_leaves_a_sentence(empty_hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    with pytest.raises(NotAvailableError, match="no route"):
        inception.fetch()
    cached = empty_hub / "checkpoints" / inception.FILE
    cached.write_bytes(b"")
    assert inception.fetch() == cached


@pytest.mark.parametrize("shape", [(2, 2, 8, 8), (2, 8)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="Inception reads"):
        inception_features(torch.zeros(shape))
