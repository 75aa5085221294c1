"""The small classifiers that the package ships: features and class probabilities of digit images."""

from __future__ import annotations

import functools
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from genbench.types import InputError

WEIGHTS = Path(__file__).parent / "weights"
SIZES = {"digits": 8, "mnist": 28}
"""Side of the images, in pixels, that each shipped classifier reads."""

FEATURES = 64
CLASSES = 10
CPU = torch.device("cpu")
_CHUNK = 128
"""Images in one pass, few enough for a processor's cache; changes results by rounding only."""


class LeNet(nn.Module):
    """Two 3×3 convolutions with pooling and two dense layers, after LeCun et al. 1998.

    GELU replaces the sigmoid: with ReLU some features would be zero throughout and their covariance singular.

    Args:
        size: side of the square grey images, a multiple of 4.
        classes: how many.
    """

    def __init__(self, size: int, classes: int = CLASSES) -> None:
        super().__init__()
        self.size = size
        self.first = nn.Conv2d(1, 32, 3, padding=1)
        self.second = nn.Conv2d(32, 64, 3, padding=1)
        self.hidden = nn.Linear(64 * (size // 4) ** 2, FEATURES)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(FEATURES, classes)

    def features(self, images: Tensor) -> Tensor:
        """Activations before the last layer, shape (n, 1, size, size) → (n, 64)."""
        x = F.max_pool2d(F.gelu(self.first(images)), 2)
        x = F.max_pool2d(F.gelu(self.second(x)), 2)
        return F.gelu(self.hidden(x.flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        """Logits, shape (n, classes)."""
        logits: Tensor = self.head(self.dropout(self.features(images)))
        return logits


@functools.cache
def shipped(name: str, device: torch.device = CPU) -> LeNet:
    """The shipped classifier `name`, for evaluation; channels last, which is four times as fast on a CPU.

    Raises:
        InputError: there is none of that name.
    """
    if name not in SIZES:
        raise InputError(f"no shipped classifier is called {name!r}; there are {' and '.join(SIZES)}")
    with safe_open(WEIGHTS / f"{name}.safetensors", "pt") as file:
        weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    net = LeNet(SIZES[name])
    net.load_state_dict(weights)
    return net.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)


def accuracy(name: str) -> float:
    """Share of held-out images that the shipped classifier named right when it was trained."""
    with safe_open(WEIGHTS / f"{name}.safetensors", "pt") as file:
        return float(file.metadata()["accuracy"])


def features(images: Tensor, name: str) -> Tensor:
    """Features of grey images in [0, 1] by a shipped classifier, shape (n, 1, H, W) → (n, 64).

    Raises:
        InputError: the images have another size or number of channels than the classifier reads.
    """
    net = shipped(name, images.device)
    return torch.cat([net.features(part) for part in _readable(images, name).split(_CHUNK)])


def probabilities(images: Tensor, name: str) -> Tensor:
    """Class probabilities by a shipped classifier, shape (n, 1, H, W) → (n, 10); errors as `features`."""
    net = shipped(name, images.device)
    return torch.cat([net(part).softmax(dim=1) for part in _readable(images, name).split(_CHUNK)])


def classes(features: Tensor, name: str) -> Tensor:
    """The most probable class of each row of `features` by a shipped classifier, shape (n, 64) → (n,)."""
    found: Tensor = shipped(name, features.device).head(features).argmax(dim=1)
    return found


def _readable(images: Tensor, name: str) -> Tensor:
    """Images of the classifier's size; the frame that padding to 32 adds around 28 pixels is cut off."""
    size = SIZES[name]
    if images.ndim == 4 and tuple(images.shape[1:]) == (1, size + 4, size + 4):
        images = images[..., 2:-2, 2:-2]
    if images.ndim != 4 or tuple(images.shape[1:]) != (1, size, size):
        raise InputError(
            f"images have shape {tuple(images.shape[1:])}, the {name} classifier reads (1, {size}, {size})"
        )
    return images.float()
