"""Convolutional nets by the five rules of DCGAN (Radford et al. 2016, arXiv:1511.06434).

Strided convolutions instead of pooling, batch norm in both nets but for G's output and D's input, no hidden
dense layer, ReLU and a bounded output in G, LeakyReLU(0.2) in D; weights start from N(0, 0.02²).
"""

from __future__ import annotations

import itertools

from torch import nn


def halvings(side: int) -> int:
    """How often a square image is halved: down to a side of 4 (2 for images of 8 or less), or an odd one."""
    smallest = 4 if side > 8 else 2
    count = 0
    while side % 2 == 0 and side > smallest:
        side //= 2
        count += 1
    return count


def supports(shape: tuple[int, ...]) -> str | None:
    """Why the nets cannot be built for examples of `shape`; None if they can."""
    if len(shape) != 3:
        return "convolutions need images"
    _, height, side = shape
    if height != side:
        return f"needs square images, these are {height}×{side}"
    if not halvings(side) or side >> halvings(side) > 8:
        return f"a side of {side} does not halve to 8 pixels or fewer"
    return None


def conv_generator(
    latent: int, shape: tuple[int, ...], width: int, batch_norm: bool, output: nn.Module
) -> nn.Sequential:
    """(B, latent) → (B, *shape); the last hidden layer has `width` channels, earlier ones twice the next."""
    steps = halvings(shape[-1])
    channels = [width * 2**i for i in reversed(range(steps))]
    layers: list[nn.Module] = [nn.Unflatten(1, (latent, 1, 1))]
    layers += [nn.ConvTranspose2d(latent, channels[0], shape[-1] >> steps, bias=not batch_norm)]
    for inputs, outputs in itertools.pairwise(channels):
        layers += [*_norm(inputs, batch_norm), nn.ReLU()]
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=not batch_norm)]
    layers += [*_norm(width, batch_norm), nn.ReLU(), nn.ConvTranspose2d(width, shape[0], 4, 2, 1), output]
    return _initialised(nn.Sequential(*layers))


def conv_critic(shape: tuple[int, ...], width: int, batch_norm: bool) -> nn.Sequential:
    """(B, *shape) → (B,); the first layer has `width` channels, each later one twice as many."""
    steps = halvings(shape[-1])
    layers: list[nn.Module] = [nn.Conv2d(shape[0], width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for i in range(steps - 1):
        inputs, outputs = width * 2**i, width * 2 ** (i + 1)
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not batch_norm)]
        layers += [*_norm(outputs, batch_norm), nn.LeakyReLU(0.2)]
    layers += [nn.Conv2d(width * 2 ** (steps - 1), 1, shape[-1] >> steps), nn.Flatten(0)]
    return _initialised(nn.Sequential(*layers))


def _norm(channels: int, batch_norm: bool) -> list[nn.Module]:
    # Batch statistics always: running ones would be state outside the flat parameters.
    return [nn.BatchNorm2d(channels, track_running_stats=False)] if batch_norm else []


def _initialised(net: nn.Sequential) -> nn.Sequential:
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
    return net
