"""Networks as flat vectors: how parameters lie in one tensor, and a net bound to a seed's slice of it."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from inspect import getattr_static
from operator import attrgetter
from types import FunctionType, MethodType
from typing import Any, Literal

import torch
from torch import Tensor, nn

Slot = tuple[nn.Module, str]
"""A module that owns a tensor, and what the tensor is called there."""


class Layout:
    """Where each trainable parameter of a module lies in a flat vector, in the module's own order.

    It keeps a copy of the module, into which a `Net` puts a seed's own parameters and state. Tied parameters
    are one stretch of the vector, which fills every place that they stand in.

    Args:
        state: names of the module's other tensors that belong to a seed, see `engine.module_state`; the rest
            is the same for all seeds and stays in the copy.
    """

    def __init__(self, module: nn.Module, state: Sequence[str] = ()) -> None:
        self.shapes = {name: p.shape for name, p in module.named_parameters() if p.requires_grad}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.state = tuple(state)
        self.shell = copy.deepcopy(module).eval()
        self._slots = [_slots(self.shell, name) for name in self.shapes]
        self._kept = [_slot(self.shell, name) for name in self.state]
        self._filler: object = None
        self._calls: dict[str, Literal["module", "method", "value"]] = {}
        for owner, attribute in itertools.chain(*self._slots, self._kept):
            if attribute in owner._parameters:
                delattr(owner, attribute)

    @property
    def numel(self) -> int:
        return sum(self.sizes)

    @cached_property
    def layers(self) -> tuple[slice, slice]:
        """Slices of the first and the last weight, a parameter of two dimensions or more.

        Of any parameter where no weight is; empty where nothing can be trained.
        """
        ends = list(itertools.accumulate(self.sizes))
        spans = [slice(end - size, end) for size, end in zip(self.sizes, ends, strict=True)]
        weights = [s for s, shape in zip(spans, self.shapes.values(), strict=True) if len(shape) > 1]
        found = weights or spans or [slice(0, 0)]
        return found[0], found[-1]

    def split(self, flat: Tensor) -> list[Tensor]:
        """Views of flat parameters (P,) or of a stack (S, P), in order, each in its shape."""
        parts = flat.split(self.sizes, dim=-1)
        lead = flat.shape[:-1]
        return [part.view(lead + shape) for part, shape in zip(parts, self.shapes.values(), strict=True)]

    def join(self, parts: Mapping[str, Tensor], lead: int = 0) -> Tensor:
        """What `split` takes apart: one flat vector (…, P) from parameters by name, `lead` axes in front."""
        sized = zip(self.shapes, self.sizes, strict=True)
        return torch.cat([parts[name].reshape(*parts[name].shape[:lead], n) for name, n in sized], dim=-1)

    def fill(
        self, parameters: Sequence[Tensor], state: Iterable[Tensor] = (), filler: object = None
    ) -> nn.Module:
        """The module with these parameters and this state, until it is filled again.

        Args:
            filler: who fills it; nothing is done where the same one did so last.
        """
        if filler is not None and filler is self._filler:
            return self.shell
        self._filler = filler
        for slots, parameter in zip(self._slots, parameters, strict=True):
            for owner, attribute in slots:
                setattr(owner, attribute, parameter)
        for (owner, attribute), tensor in zip(self._kept, state, strict=True):
            setattr(owner, attribute, tensor)
        return self.shell

    def kind(self, path: str) -> Literal["module", "method", "value"]:
        """What lies at a dotted path of the module; an AttributeError if nothing does."""
        if path not in self._calls:
            parent, _, name = path.rpartition(".")
            owner = self.shell.get_submodule(parent)
            if owner._modules.get(name) is not None:
                self._calls[path] = "module"
            else:
                method = isinstance(getattr_static(type(owner), name, None), FunctionType)
                self._calls[path] = "method" if method else "value"
        return self._calls[path]

    def current_state(self) -> dict[str, Tensor]:
        """The state as the last call of the module left it, by name."""
        kept = zip(self.state, self._kept, strict=True)
        return {name: getattr(owner, attribute) for name, (owner, attribute) in kept}


class Net:
    """One seed's network: call it, call its methods and submodules, or read its tensors and attributes.

    Its state is its own: what a forward pass changes shows in `module_state`, and in no other seed's net.
    """

    def __init__(self, layout: Layout, flat: Tensor, buffers: Mapping[str, Tensor]) -> None:
        self._layout, self._flat, self._token = layout, flat, object()
        self._buffers = {name: value for name, value in buffers.items() if name not in layout.state}
        # Copies, since forward passes write in place, also where `grad` forbids it to tensors from outside.
        self._state = {name: buffers[name].clone() for name in layout.state}

    @property
    def flat(self) -> Tensor:
        """The trainable parameters as one vector (P,)."""
        return self._flat

    @property
    def module_state(self) -> dict[str, Tensor]:
        """What forward passes have left of the seed's own buffers, by name within the net."""
        return self._state

    @cached_property
    def _parameters(self) -> list[Tensor]:
        # A loss may call a net without gradients before it calls it with them; the views serve both.
        with torch.enable_grad():
            return self._layout.split(self._flat)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return self._call("", inputs, options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._buffers[name] if name in self._buffers else self._looked_up(name)

    def _filled(self, path: str) -> Any:
        """What lies at a dotted path of the module with this seed's parameters; the module itself for ""."""
        module = self._layout.fill(self._parameters, self._state.values(), self._token)
        return attrgetter(path)(module) if path else module

    def _looked_up(self, path: str) -> Any:
        kind = self._layout.kind(path)
        if kind == "module":
            return _Part(self, path)
        if kind == "value" and not isinstance(found := self._filled(path), MethodType):
            return found
        return lambda *inputs, **options: self._call(path, inputs, options)

    def _call(self, path: str, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        result = self._filled(path)(*inputs, **options)
        if self._state:
            self._state = self._layout.current_state()
        return result


class _Part:
    """A submodule of a seed's net, which may be used after another seed's was."""

    def __init__(self, net: Net, path: str) -> None:
        self._net, self._path = net, path

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return self._net._call(self._path, inputs, options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._net._looked_up(f"{self._path}.{name}")

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._net._filled(self._path))

    def __iter__(self) -> Iterator[Any]:
        return (self[name] for name, _ in self._net._filled(self._path).named_children())

    def __getitem__(self, key: int | str) -> Any:
        """A member of a list or sequence of modules."""
        position = range(len(self))[key] if isinstance(key, int) else key
        return self._net._looked_up(f"{self._path}.{position}")


def _slot(module: nn.Module, name: str) -> Slot:
    path, _, attribute = name.rpartition(".")
    return module.get_submodule(path), attribute


def _slots(module: nn.Module, name: str) -> list[Slot]:
    """Every place that a parameter stands in; several if it is tied."""
    wanted = module.get_parameter(name)
    tied = [n for n, p in module.named_parameters(remove_duplicate=False) if p is wanted]
    return [_slot(module, other) for other in tied]


def flatten(module: nn.Module) -> Tensor:
    """A module's trainable parameters as one detached vector (P,)."""
    flat = [p.detach().flatten() for p in module.parameters() if p.requires_grad]
    return torch.cat(flat) if flat else torch.zeros(0)


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


@contextmanager
def training(layouts: Mapping[str, Layout]) -> Iterator[None]:
    """All modules are in training mode within, and as they were outside: in evaluation mode for samples."""
    before = {name: layout.shell.training for name, layout in layouts.items()}
    for layout in layouts.values():
        layout.shell.train()
    try:
        yield
    finally:
        for name, layout in layouts.items():
            layout.shell.train(before[name])
