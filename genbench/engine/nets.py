"""Networks as flat vectors: how parameters lie in one tensor, and a net bound to a seed's slice of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Layout:
    """Where each parameter of a module lies in a flat vector, in the module's own order."""

    def __init__(self, module: nn.Module) -> None:
        self.module = _Callable(module)
        self.shapes = {name: p.shape for name, p in module.named_parameters()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]

    @property
    def numel(self) -> int:
        return sum(self.sizes)

    @cached_property
    def layers(self) -> tuple[slice, slice]:
        """Slices of the first and the last weight, a parameter of two dimensions or more."""
        ends = torch.tensor(self.sizes).cumsum(0).tolist()
        spans = [slice(end - size, end) for size, end in zip(self.sizes, ends, strict=True)]
        weights = [s for s, shape in zip(spans, self.shapes.values(), strict=True) if len(shape) > 1]
        return weights[0], weights[-1]

    def split(self, flat: Tensor) -> dict[str, Tensor]:
        """Named views of one seed's flat parameters (P,)."""
        parts = flat.split(self.sizes)
        return {
            name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


class Net:
    """One seed's network: call it, call any method of its module, or read one of its buffers."""

    def __init__(self, layout: Layout, flat: Tensor, buffers: Mapping[str, Tensor]) -> None:
        self._layout, self._flat, self._buffers = layout, flat, buffers

    @cached_property
    def _parameters(self) -> dict[str, Tensor]:
        # A loss may call a net without gradients before it calls it with them; the views serve both.
        with torch.enable_grad():
            return {f"module.{name}": p for name, p in self._layout.split(self._flat).items()}

    def __call__(self, *inputs: Tensor) -> Any:
        return self._call("forward", *inputs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._buffers[name] if name in self._buffers else self._method(name)

    def _method(self, name: str) -> Callable[..., Any]:
        return lambda *inputs: self._call(name, *inputs)

    def _call(self, method: str, *inputs: Tensor) -> Any:
        return functional_call(self._layout.module, self._parameters, (method, *inputs))


class _Callable(nn.Module):
    """Lets `functional_call`, which calls modules, call any method of one."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, method: str, *inputs: Tensor) -> Any:
        return getattr(self.module, method)(*inputs)


def flatten(module: nn.Module) -> Tensor:
    """A module's parameters as one detached vector (P,)."""
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def bind(
    layouts: Mapping[str, Layout], flats: Mapping[str, Tensor], buffers: Mapping[str, Tensor]
) -> dict[str, Net]:
    """One seed's nets by name, from its flat parameters and its buffers (``"net.buffer"``)."""
    return {
        name: Net(
            layout,
            flats[name],
            {k.partition(".")[2]: v for k, v in buffers.items() if k.startswith(f"{name}.")},
        )
        for name, layout in layouts.items()
    }
