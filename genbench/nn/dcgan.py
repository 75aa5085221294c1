"""Convolutional nets by the five rules of DCGAN (Radford et al. 2016, arXiv:1511.06434), each a switch.

Strided convolutions instead of pooling, batch norm in both nets but for G's output and D's input, no hidden
dense layer, ReLU and a bounded output in G, LeakyReLU(0.2) in D; weights start from N(0, 0.02²).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from torch import nn

Activation = Literal["relu", "leaky", "tanh"]
Pooling = Literal["maximum", "mean"]
_ACTIVATIONS: Mapping[Activation, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
}
_POOLINGS: Mapping[Pooling, Callable[[int], nn.Module]] = {"maximum": nn.MaxPool2d, "mean": nn.AvgPool2d}


@dataclass(frozen=True)
class Rules:
    """How convolutional nets are built; the defaults are DCGAN's five rules.

    Attributes:
        upsampling: the generator doubles a side by a transposed convolution of stride 2, or repeats each
            pixel and convolves 3×3 (Odena et al. 2016, "Deconvolution and checkerboard artifacts").
        kernel: side of the transposed convolutions' kernels; 3 is no multiple of their stride.
        pooling: the critic halves a side by a 3×3 convolution and this pooling; None for strides.
        generator_norm, critic_norm: batch norm.
        hidden_dense: units of a dense layer after the generator's input and before the critic's output; 0 for
            none.
    """

    upsampling: Literal["transposed", "nearest"] = "transposed"
    kernel: Literal[3, 4] = 4
    pooling: Pooling | None = None
    generator_norm: bool = True
    critic_norm: bool = True
    hidden_dense: int = 0
    generator_activation: Activation = "relu"
    critic_activation: Activation = "leaky"


DCGAN = Rules()


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
    latent: int, shape: tuple[int, ...], width: int, output: nn.Module, rules: Rules
) -> nn.Sequential:
    """(B, latent) → (B, *shape); the last hidden layer has `width` channels, earlier ones twice the next."""
    steps = halvings(shape[-1])
    channels = [width * 2**i for i in reversed(range(steps))]
    active = _ACTIVATIONS[rules.generator_activation]
    layers: list[nn.Module] = []
    if rules.hidden_dense:
        layers += [nn.Linear(latent, rules.hidden_dense), active()]
    inputs = rules.hidden_dense or latent
    layers += [nn.Unflatten(1, (inputs, 1, 1))]
    layers += [nn.ConvTranspose2d(inputs, channels[0], shape[-1] >> steps, bias=not rules.generator_norm)]
    for inputs, outputs in itertools.pairwise(channels):
        layers += [*_norm(inputs, rules.generator_norm), active()]
        layers += _doubling(inputs, outputs, rules, bias=not rules.generator_norm)
    layers += [*_norm(width, rules.generator_norm), active(), *_doubling(width, shape[0], rules, bias=True)]
    return _initialised(nn.Sequential(*layers, output))


def conv_critic(shape: tuple[int, ...], width: int, rules: Rules) -> nn.Sequential:
    """(B, *shape) → (B,); the first layer has `width` channels, each later one twice as many."""
    steps, active = halvings(shape[-1]), _ACTIVATIONS[rules.critic_activation]
    layers = [*_halving(shape[0], width, rules, bias=True), active()]
    for i in range(steps - 1):
        inputs, outputs = width * 2**i, width * 2 ** (i + 1)
        layers += _halving(inputs, outputs, rules, bias=not rules.critic_norm)
        layers += [*_norm(outputs, rules.critic_norm), active()]
    last, side = width * 2 ** (steps - 1), shape[-1] >> steps
    if rules.hidden_dense:
        layers += [nn.Flatten(), nn.Linear(last * side**2, rules.hidden_dense), active()]
        layers += [nn.Linear(rules.hidden_dense, 1), nn.Flatten(0)]
    else:
        layers += [nn.Conv2d(last, 1, side), nn.Flatten(0)]
    return _initialised(nn.Sequential(*layers))


def _doubling(inputs: int, outputs: int, rules: Rules, bias: bool) -> list[nn.Module]:
    if rules.upsampling == "nearest":
        return [nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)]
    odd = rules.kernel % 2
    return [nn.ConvTranspose2d(inputs, outputs, rules.kernel, 2, 1, output_padding=odd, bias=bias)]


def _halving(inputs: int, outputs: int, rules: Rules, bias: bool) -> list[nn.Module]:
    if rules.pooling is None:
        return [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=bias)]
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias), _POOLINGS[rules.pooling](2)]


def _norm(channels: int, batch_norm: bool) -> list[nn.Module]:
    # Batch statistics always: running ones would be state outside the flat parameters.
    return [nn.BatchNorm2d(channels, track_running_stats=False)] if batch_norm else []


def _initialised(net: nn.Sequential) -> nn.Sequential:
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
    return net
