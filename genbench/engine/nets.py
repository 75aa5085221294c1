"""Networks as flat vectors: how parameters lie in one tensor, and a net bound to a seed's slice of it."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn


class Layout:
    """Where each parameter of a module lies in a flat vector, in the module's own order.

    It keeps a copy of the module without parameters, into which a `Net` puts a seed's own.
    """

    def __init__(self, module: nn.Module) -> None:
        self.shapes = {name: p.shape for name, p in module.named_parameters()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.shell = copy.deepcopy(module)
        self._slots = [_slot(self.shell, name) for name in self.shapes]
        for owner, attribute in self._slots:
            delattr(owner, attribute)

    @property
    def numel(self) -> int:
        return sum(self.sizes)

    @cached_property
    def layers(self) -> tuple[slice, slice]:
        """Slices of the first and the last weight, a parameter of two dimensions or more."""
        ends = list(itertools.accumulate(self.sizes))
        spans = [slice(end - size, end) for size, end in zip(self.sizes, ends, strict=True)]
        weights = [s for s, shape in zip(spans, self.shapes.values(), strict=True) if len(shape) > 1]
        return weights[0], weights[-1]

    def split(self, flat: Tensor) -> list[Tensor]:
        """Views of flat parameters (P,) or of a stack (S, P), in order, each in its shape."""
        parts = flat.split(self.sizes, dim=-1)
        lead = flat.shape[:-1]
        return [part.view(lead + shape) for part, shape in zip(parts, self.shapes.values(), strict=True)]

    def join(self, parts: Mapping[str, Tensor]) -> Tensor:
        """What `split` takes apart: one flat stack (S, P) from stacked parameters by name."""
        return torch.cat([parts[name].flatten(1) for name in self.shapes], dim=1)

    def fill(self, parameters: Sequence[Tensor]) -> nn.Module:
        """The module with these parameters, until it is filled again."""
        for (owner, attribute), parameter in zip(self._slots, parameters, strict=True):
            setattr(owner, attribute, parameter)
        return self.shell


class Net:
    """One seed's network: call it, call any method of its module, or read one of its buffers."""

    def __init__(self, layout: Layout, flat: Tensor, buffers: Mapping[str, Tensor]) -> None:
        self._layout, self._flat, self._buffers = layout, flat, buffers

    @cached_property
    def _parameters(self) -> list[Tensor]:
        # A loss may call a net without gradients before it calls it with them; the views serve both.
        with torch.enable_grad():
            return self._layout.split(self._flat)

    def __call__(self, *inputs: Tensor) -> Any:
        return self._layout.fill(self._parameters)(*inputs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._buffers:
            return self._buffers[name]
        return lambda *inputs: getattr(self._layout.fill(self._parameters), name)(*inputs)


def _slot(module: nn.Module, name: str) -> tuple[nn.Module, str]:
    """The submodule that owns a parameter, and what the parameter is called there."""
    path, _, attribute = name.rpartition(".")
    return module.get_submodule(path), attribute


def flatten(module: nn.Module) -> Tensor:
    """A module's parameters as one detached vector (P,)."""
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def bind(
    layouts: Mapping[str, Layout], flats: Mapping[str, Tensor], buffers: Mapping[str, Tensor]
) -> dict[str, Net]:
    """One seed's nets by name, from its flat parameters and its buffers (``"net.buffer"``); or a stack's."""
    return {
        name: Net(
            layout,
            flats[name],
            {k.partition(".")[2]: v for k, v in buffers.items() if k.startswith(f"{name}.")},
        )
        for name, layout in layouts.items()
    }
