"""Features of the Inception network of the published Fréchet inception distances, by pytorch-fid."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

from genbench.metrics.spaces import Space
from genbench.tasks.task import Task
from genbench.types import InputError, NotAvailableError

FILE = "pt_inception-2015-12-05-6726825d.pth"
DIGEST = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""The file's SHA-256, by which a wrong file is told."""

_BATCH = 50


def weights_file(path: Path | None = None) -> Path | None:
    """The weights: `path`, or else pytorch-fid's own cached download; None if there is no such file."""
    file = path or Path(torch.hub.get_dir()) / "checkpoints" / FILE
    return file if file.is_file() else None


def fetch() -> Path:
    """Download the weights (92 MB, from pytorch-fid's releases) into torch's cache, unless they are there.

    Raises:
        NotAvailableError: the download failed.
    """
    from pytorch_fid.inception import FID_WEIGHTS_URL

    file = Path(torch.hub.get_dir()) / "checkpoints" / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_file():
        try:
            torch.hub.download_url_to_file(FID_WEIGHTS_URL, str(file), DIGEST, progress=False)
        except (OSError, RuntimeError) as error:
            raise NotAvailableError(f"the Inception weights could not be fetched: {error}") from None
    return file


@functools.cache
def inception_space(path: Path | None) -> Space:
    """The 2,048 features before the last layer, with the weights in `path` or in pytorch-fid's cache."""

    def embed(task: Task, x: Tensor) -> Tensor:
        return inception_features(x, path)

    def refuses(task: Task) -> str | None:
        if task.kind != "images":
            return "Inception reads images"
        if weights_file(path) is None:
            where = path or "torch's cache"
            remedy = "run genbench prepare inception --download"
            return f"not available: no Inception weights in {where}; {remedy}"
        return None

    return Space("_inception", "features of the published Inception network", embed, refuses)


def inception_features(images: Tensor, path: Path | None = None) -> Tensor:
    """Features of images in [0, 1], shape (n, C, H, W) → (n, 2048), C = 1 or 3.

    Images are rounded to 8 bits first, as if they had been saved and read again; pytorch-fid's network then
    scales them to 299×299.

    Raises:
        NotAvailableError: the weights are absent.
        InputError: the images have neither one nor three channels, or the weights are not the published ones.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise InputError(f"images have shape {tuple(images.shape)}, Inception reads (n, 1 or 3, H, W)")
    net = network(path, images.device)
    parts = (_eight_bits(part) for part in images.split(_BATCH))
    with torch.no_grad():
        return torch.cat([net(part)[0].flatten(1) for part in parts])


def inception_probabilities(images: Tensor, path: Path | None = None) -> Tensor:
    """Probabilities of the 1,008 classes for the Inception Score, shape (n, C, H, W) → (n, 1008).

    The last layer's bias is left out, as in the first implementation of the score; errors as
    `inception_features`.
    """
    features = inception_features(images, path)
    return (features @ _last_layer(_found(path)).to(features).T).softmax(dim=1)


@functools.lru_cache(maxsize=2)
def network(path: Path | None, device: torch.device) -> nn.Module:
    """pytorch-fid's network with the weights of `path`; errors as `inception_features`."""
    import pytorch_fid.inception

    weights = _published(_found(path))
    with _swapped(pytorch_fid.inception, "load_state_dict_from_url", lambda *_, **__: weights):
        net: nn.Module = pytorch_fid.inception.InceptionV3().eval().to(device)
    return net


def _found(path: Path | None) -> Path:
    file = weights_file(path)
    if file is None:
        where = path or "torch's cache"
        raise NotAvailableError(f"no Inception weights in {where}; run genbench.metrics.inception.fetch()")
    return file


@functools.lru_cache(maxsize=2)
def _last_layer(file: Path) -> Tensor:
    return _published(file)["fc.weight"]


def _published(file: Path) -> dict[str, Tensor]:
    """The tensors in `file`, read once, so that what was checked is what is used; InputError for others."""
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != DIGEST:
        raise InputError(f"{file} holds other weights than the published ones; its SHA-256 must be {DIGEST}")
    weights: dict[str, Tensor] = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    return weights


@contextmanager
def _swapped(module: ModuleType, name: str, value: object) -> Iterator[None]:
    """Let a module's attribute be another: pytorch-fid would download its weights, and unpickle them."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def _eight_bits(images: Tensor) -> Tensor:
    rounded = images.float().clamp(0, 1).mul(255).round().div(255)
    return rounded.expand(-1, 3, -1, -1)
