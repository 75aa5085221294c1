"""Networks as flat vectors: how parameters lie in one tensor, and a net bound to a seed's slice of it."""

from __future__ import annotations

import abc
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from operator import attrgetter, itemgetter
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from genbench.engine.module_state import Place, copied, places

Targets = list[tuple[MutableMapping[str, Any], str]]
"""Dictionaries of modules, and the key in each, that one tensor is written to."""


class Layout:
    """Where each trainable parameter of a module lies in a flat vector, in the module's own order.

    It keeps a copy of the module, its shell, which it lends to one `Net` at a time: that puts a seed's own
    parameters and state into it. A tied tensor is one of these, and fills every place that it stands in.

    Args:
        state: names of the module's other tensors that belong to a seed, see `engine.module_state`; the rest
            is the same for all seeds and stays in the shell.
    """

    def __init__(self, module: nn.Module, state: Sequence[str] = ()) -> None:
        self.shapes = {name: p.shape for name, p in module.named_parameters() if p.requires_grad}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.state = tuple(state)
        self.shell = copied(module)
        self._resting = [part for part in self.shell.modules() if not part.training]
        self.shell.eval()  # whose answer is not used, since a `train` of a module's own may give none
        where = {name: own for own in places(self.shell) for name in own}
        self._slots = [_targets(where[name]) for name in self.shapes]
        self._kept = [_targets(where[name]) for name in self.state]
        self._holder: Net | None = None

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

    def lend(self, net: Net) -> nn.Module:
        """The module with the parameters and the state of a net, until another net asks for it."""
        if self._holder is not net:
            if self._holder is not None:
                self._holder.take_back()
            self.fill(net.parts, net.module_state.values())
            self._holder = net
        return self.shell

    def fill(self, parameters: Sequence[Tensor], state: Iterable[Tensor] = ()) -> nn.Module:
        """The module with these parameters and this state."""
        tensors = itertools.chain(parameters, state)
        for targets, tensor in zip(itertools.chain(self._slots, self._kept), tensors, strict=True):
            for mapping, name in targets:
                mapping[name] = tensor
        return self.shell

    def held_by(self, net: Net) -> bool:
        """Whether the module has this net's parameters and state now."""
        return self._holder is net

    def current_state(self) -> dict[str, Tensor]:
        """The state as the last call of the module left it, by name."""
        first = ((name, *targets[0]) for name, targets in zip(self.state, self._kept, strict=True))
        return {name: mapping[key] for name, mapping, key in first}

    def current_parameters(self) -> dict[str, Tensor]:
        """What stands where the parameters were put, by name; a forward pass should not have changed it."""
        first = ((name, *targets[0]) for name, targets in zip(self.shapes, self._slots, strict=True))
        return {name: mapping[key] for name, mapping, key in first}

    def train(self) -> None:
        """Training mode, but for what `Model.nets` gave in evaluation mode."""
        self.shell.train()
        for part in self._resting:
            part.training = False


class _Assigning(dict[str, Any]):
    """A dictionary that assigns by a module's own `__setattr__`, as an LSTM has."""

    def __init__(self, owner: nn.Module) -> None:
        self._owner = owner

    def __setitem__(self, name: str, tensor: Tensor) -> None:
        registered = self._owner._parameters
        vars(self._owner)["_parameters"] = {}  # where a plain tensor is refused
        try:
            setattr(self._owner, name, tensor)
        finally:
            vars(self._owner)["_parameters"] = registered


def _targets(own: Mapping[str, Place]) -> Targets:
    """What is written to put a tensor into all its places."""
    found: Targets = []
    for place in own.values():
        found.append((place.mapping, place.attribute))
        if place.kind == "_parameters":
            # An attribute that lies in a module's own dictionary is read faster than by torch's look-up.
            plain = type(place.owner).__setattr__ is nn.Module.__setattr__
            found.append((vars(place.owner) if plain else _Assigning(place.owner), place.attribute))
    return found


class _Reader(abc.ABC):
    """Reads a module, or a part of one, with the parameters and the state of a seed."""

    @abc.abstractmethod
    def _read(self) -> Any:
        """The module, filled."""

    def _shown(self, found: Any, step: Callable[[Any], Any]) -> Any:
        """What was found one step into the module, so that it is this seed's whenever it is used."""
        if isinstance(found, nn.Module):
            return _Part(self, step)
        if isinstance(found, MethodType) and isinstance(found.__self__, nn.Module):
            return lambda *inputs, **options: step(self._read())(*inputs, **options)
        return found

    def _step(self, step: Callable[[Any], Any]) -> Any:
        return self._shown(step(self._read()), step)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return self._read()(*inputs, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{name}: a net does not show what begins with an underscore")
        return self._step(attrgetter(name))

    def __getitem__(self, key: Any) -> Any:
        return self._step(itemgetter(key))

    def __iter__(self) -> Iterator[Any]:
        for i, found in enumerate(self._read()):
            yield self._shown(found, partial(_member, i))

    def __len__(self) -> int:
        return len(self._read())

    def __bool__(self) -> bool:
        return True


def _member(position: int, module: Any) -> Any:
    return next(itertools.islice(module, position, None))


class Net(_Reader):
    """One seed's network: call it, call its methods and submodules, or read its tensors and attributes.

    Its state is its own: what a forward pass changes shows in `module_state`, and in no other seed's net.

    Args:
        parts: the parameters, one by one in the layout's order; None for views of `flat`.
    """

    def __init__(
        self,
        layout: Layout,
        flat: Tensor,
        buffers: Mapping[str, Tensor],
        parts: Sequence[Tensor] | None = None,
    ) -> None:
        self._layout, self._flat, self._parts = layout, flat, parts
        self._buffers = {name: value for name, value in buffers.items() if name not in layout.state}
        # Copies, since forward passes write in place, also where `grad` forbids it to tensors from outside.
        self._state = {name: buffers[name].clone() for name in layout.state}

    @property
    def flat(self) -> Tensor:
        """The trainable parameters as one vector (P,)."""
        return self._flat

    @property
    def parts(self) -> Sequence[Tensor]:
        """The trainable parameters one by one, in the layout's order."""
        if self._parts is None:
            # A loss may call a net without gradients before it calls it with them; the views serve both.
            with torch.enable_grad():
                self._parts = self._layout.split(self._flat)
        return self._parts

    @property
    def module_state(self) -> dict[str, Tensor]:
        """What forward passes have left of the seed's own buffers, by name within the net."""
        if self._state and self._layout.held_by(self):
            return self._layout.current_state()
        return self._state

    def take_back(self) -> None:
        """Keep the state, since the module goes to another net."""
        self._state = self.module_state

    def _read(self) -> Any:
        return self._layout.lend(self)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._buffers:
            return self._buffers[name]
        return super().__getattr__(name)


class _Part(_Reader):
    """A submodule of a seed's net, which may be used after another seed's was."""

    def __init__(self, whole: _Reader, step: Callable[[Any], Any]) -> None:
        self._whole, self._find = whole, step

    def _read(self) -> Any:
        return self._find(self._whole._read())


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
    """Modules are in training mode within, and as they were outside: in evaluation mode for samples."""
    resting = [layout for layout in layouts.values() if not layout.shell.training]
    for layout in layouts.values():
        layout.train()
    try:
        yield
    finally:
        for layout in resting:
            layout.shell.eval()
