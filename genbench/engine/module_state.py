"""What a user's modules bring beside trainable parameters: state, chance, and what cannot be right.

Buffers, frozen parameters and tensors in plain attributes are the same for all seeds where every seed starts
with the same values and no forward pass changes them. Elsewhere they belong to a seed and to its checkpoint.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genbench.types import InputError

Modules = Mapping[str, nn.Module]


def tensors(module: nn.Module) -> dict[str, Tensor]:
    """Buffers, frozen parameters and tensors in plain attributes, by dotted name."""
    frozen = {n: p for n, p in module.named_parameters(remove_duplicate=False) if not p.requires_grad}
    plain = {
        f"{path}.{name}".lstrip("."): value
        for path, part in module.named_modules()
        for name, value in vars(part).items()
        if isinstance(value, Tensor)
    }
    return {**frozen, **dict(module.named_buffers(remove_duplicate=False)), **plain}


def differing(one: nn.Module, other: nn.Module) -> set[str]:
    """Names of `tensors` whose values differ between two seeds."""
    theirs = tensors(other)
    return {name for name, own in tensors(one).items() if not _same(own, theirs.get(name))}


def on_device(module: nn.Module, device: torch.device) -> nn.Module:
    """The module with its parameters, buffers and plain tensors on a device."""
    for part in module.to(device).modules():
        vars(part).update({n: t.to(device) for n, t in vars(part).items() if isinstance(t, Tensor)})
    return module


def refuse_shared(nets: Modules) -> None:
    """Refuse a trainable parameter that two nets have in common.

    Raises:
        InputError: there is one; each net would train a copy of its own.
    """
    owner: dict[int, str] = {}
    for name, net in nets.items():
        for path, parameter in _trainable(net):
            first = owner.setdefault(id(parameter), f"{name}.{path}")
            if first.partition(".")[0] != name:
                raise InputError(
                    f"{first} and {name}.{path} are one parameter of two nets, which would come apart; "
                    "put both nets into one, and use its submodules"
                )


def refuse_hidden_differences(name: str, one: nn.Module, other: nn.Module) -> None:
    """Refuse numbers that differ between seeds where no tensor holds them.

    Raises:
        InputError: there are such numbers; all seeds would use those of seed 0.
    """
    theirs = dict(other.named_modules())
    for path, part in one.named_modules():
        for attribute, value in vars(part).items():
            if _is_hidden(value) and not _equal(value, vars(theirs[path]).get(attribute, value)):
                where = ".".join(filter(None, (name, path, attribute)))
                raise InputError(
                    f"{where} differs between seeds and is no tensor, so that all would share seed 0's; "
                    "keep it with register_buffer"
                )


@contextmanager
def seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Torch's global random numbers are those of `seed` within, as they were outside; None lets them be."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def refuse_foreign_chance() -> Iterator[None]:
    """Refuse code that draws from Python's or NumPy's random numbers, which belong to no seed.

    Raises:
        InputError: it did.
    """
    before = _foreign_states()
    yield
    if _foreign_states() != before:
        raise InputError(
            "the model draws from Python's or NumPy's random numbers, which belong to no seed; declare Noise "
            "for its updates and samples, and start its nets from torch's"
        )


def _foreign_states() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002, what a stranger may draw from
    return random.getstate(), kind, np.asarray(keys).tobytes(), *rest


_REASONS = (
    ("randomness error mode", "its modules draw random numbers of their own, as dropout does"),
    ("in-place operation that would mutate a captured", "a module changes a tensor that is not its own"),
    (".item()", "its code branches on, or counts with, the values of tensors"),
    ("data-dependent control flow", "its code branches on the values of tensors"),
    ("vmap: inplace arithmetic", "a module writes in place into a tensor that all seeds share"),
)
"""What torch says where one program cannot serve all seeds, and what it means."""


def why_not_batched(error: BaseException) -> str:
    """Torch's objection to one program for all seeds, in words."""
    said = str(error)
    for words, reason in _REASONS:
        if words in said:
            return reason
    if "Batching rule not implemented for" in said:
        operator = said.partition("Batching rule not implemented for")[2].split()[0].strip(".,;")
        return f"torch cannot do {operator} for many seeds at once, which a module calls"
    return f"torch cannot run it for many seeds at once ({said.strip().splitlines()[0][:120]})"


def _trainable(net: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, p) for name, p in net.named_parameters() if p.requires_grad]


def _same(a: Tensor, b: Tensor | None) -> bool:
    return b is not None and a.shape == b.shape and bool(torch.equal(a, b))


def _is_hidden(value: Any) -> bool:
    """Whether a module's attribute holds numbers that are neither a tensor nor a parameter of its own."""
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_hidden(v) or type(v) is Tensor for v in value)
    return isinstance(value, int | float | np.ndarray)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True))
