"""What a user's modules bring beside trainable parameters: tensors, and numbers that no tensor holds.

Buffers, frozen parameters and tensors in plain attributes are the same for all seeds where every seed starts
with the same values and no forward pass changes them. Elsewhere they belong to a seed and to its checkpoint.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from genbench.types import InputError

Modules = Mapping[str, nn.Module]
_INTERNAL = set(vars(nn.Module()))
"""Attributes that every module has."""


class Place(NamedTuple):
    """Where a module keeps a tensor: in ``_parameters``, ``_buffers`` or, if kind is "", as an attribute."""

    owner: nn.Module
    kind: str
    attribute: str

    @property
    def mapping(self) -> dict[str, Any]:
        """The dictionary that holds it."""
        held: dict[str, Any] = vars(self.owner)
        return held[self.kind] if self.kind else held

    @property
    def tensor(self) -> Tensor:
        """What stands there."""
        found: Tensor = self.mapping[self.attribute]
        return found


def places(module: nn.Module) -> list[dict[str, Place]]:
    """All places of every tensor of a module, by dotted name; several if it is tied.

    Parameters come first, in the module's order, then buffers, then tensors in plain attributes.
    """
    found: dict[int, dict[str, Place]] = {}
    for kind in ("_parameters", "_buffers", ""):
        for path, part in module.named_modules():
            for attribute, value in (vars(part)[kind] if kind else vars(part)).items():
                if isinstance(value, Tensor):
                    name = f"{path}.{attribute}".lstrip(".")
                    found.setdefault(id(value), {}).setdefault(name, Place(part, kind, attribute))
    return list(found.values())


def tensors(module: nn.Module) -> dict[str, Tensor]:
    """Buffers, frozen parameters and tensors in plain attributes, by the first of their dotted names."""
    first = (next(iter(own.items())) for own in places(module))
    found = {name: (place.kind, place.tensor) for name, place in first}
    return {n: t for n, (kind, t) in found.items() if kind != "_parameters" or not t.requires_grad}


def copied(module: nn.Module) -> nn.Module:
    """A copy of a module, also of one that keeps what it has computed, which torch does not copy.

    Raises:
        InputError: it cannot be copied.
    """
    memo: dict[int, Any] = {
        id(t): t.detach().clone() for t in tensors(module).values() if t.grad_fn is not None
    }
    try:
        return copy.deepcopy(module, memo)
    except Exception as error:  # whatever a stranger's attributes raise
        raise InputError(
            f"a {type(module).__name__} cannot be copied ({error}); keep that outside the module"
        ) from error


def differing(one: nn.Module, other: nn.Module) -> set[str]:
    """Names of `tensors` whose values differ between two seeds."""
    theirs = tensors(other)
    return {name for name, own in tensors(one).items() if not same(own, theirs.get(name))}


def on_device(module: nn.Module, device: torch.device) -> nn.Module:
    """The module with its parameters, buffers and plain tensors on a device."""
    for part in module.to(device).modules():
        vars(part).update({n: t.to(device) for n, t in vars(part).items() if isinstance(t, Tensor)})
    return module


def hidden(module: nn.Module, tied: bool = False) -> dict[str, list[Any]]:
    """What the modules' attributes hold of numbers, by dotted name, but for parameters and state.

    Args:
        tied: whether to list parameters and buffers, too, that an attribute holds beside their own places.
    """
    known = {id(part) for part in module.modules()}
    if not tied:
        known |= {id(place.tensor) for own in places(module) for place in own.values()}
    found = {}
    for path, part in module.named_modules():
        for attribute, value in vars(part).items():
            if attribute not in _INTERNAL and (leaves := list(_leaves(value, set(known)))):
                found[f"{path}.{attribute}".lstrip(".")] = leaves
    return found


def _leaves(value: Any, seen: set[int]) -> Iterator[Any]:
    """Numbers, and states of sources of chance, within a value; copies, but for numbers."""
    if isinstance(value, int | float | complex):
        yield value
    elif id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, Tensor | np.ndarray):
            yield value.detach().clone() if isinstance(value, Tensor) else value.copy()
        elif isinstance(value, random.Random):
            yield str(value.getstate())
        elif isinstance(value, torch.Generator):
            yield value.get_state()
        elif isinstance(value, np.random.Generator):
            yield str(value.bit_generator.state)
        else:
            for member in _members(value):
                yield from _leaves(member, seen)


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, nn.Module):
        return [*value.parameters(), *value.buffers()]
    plain = isinstance(value, type) or callable(value) or type(value).__module__ == "builtins"
    return [] if plain else list(getattr(value, "__dict__", {}).values())


def same(a: Tensor, b: Tensor | None) -> bool:
    """Whether two tensors have the same type, shape and numbers."""
    return b is not None and a.dtype == b.dtype and a.shape == b.shape and _equal_leaf(a, b)


def equal(a: list[Any], b: list[Any]) -> bool:
    """Whether two lists of numbers, arrays and tensors are the same."""
    return len(a) == len(b) and all(map(_equal_leaf, a, b))


def _equal_leaf(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.equal(a, b) or (a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all()))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))
    return type(a) is type(b) and (a == b or a != a)
