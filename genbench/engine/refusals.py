"""Modules that cannot be right for many seeds, refused with a sentence before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.nn.parameter import is_lazy

from genbench.engine.module_state import Modules, differing, equal, hidden, same, tensors
from genbench.types import InputError


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


def refuse_two_of_one_name(nets: Modules, buffers: Iterable[str]) -> None:
    """Refuse buffers of a model that are called as a tensor of its modules is.

    Raises:
        InputError: there is one; neither could be told from the other.
    """
    known = {f"{name}.{path}" for name, net in nets.items() for path in tensors(net)}
    for name in buffers:
        if name in known:
            raise InputError(f"{name} is a buffer of the model and a tensor of its module; rename one")


def refuse_lazy(nets: Modules) -> None:
    """Refuse parameters and buffers without a shape.

    Raises:
        InputError: there is one.
    """
    for name, net in nets.items():
        for path, tensor in (*net.named_parameters(), *net.named_buffers()):
            if is_lazy(tensor):
                raise InputError(
                    f"{name}.{path} is lazy, without a shape before its first call; give its module all sizes"
                )


def refuse_other_shapes(nets: Modules, others: Modules) -> None:
    """Refuse parameters whose shapes differ between two seeds.

    Raises:
        InputError: there are such.
    """
    for name, net in nets.items():
        ours, theirs = _shapes(net), _shapes(others[name])
        for path in [*ours, *theirs]:
            if ours.get(path) != theirs.get(path):
                raise InputError(
                    f"{name}.{path} has another shape for each seed, so that they cannot be stacked; "
                    "choose sizes from the model's options alone"
                )


def refuse_unrepeatable(nets: Modules, again: Modules) -> None:
    """Refuse nets of one seed that were made twice and are not the same.

    Raises:
        InputError: there are such; a run of them could not be repeated.
    """
    for name, net in nets.items():
        theirs = dict(again[name].named_parameters())
        changed = {path for path, p in net.named_parameters() if not same(p, theirs.get(path))}
        changed |= differing(net, again[name])
        if changed:
            raise InputError(
                f"{name}.{min(changed)} starts with other values each time a seed's nets are made; "
                "start it from torch's global random numbers, which belong to the seed"
            )


def refuse_hidden_differences(nets: Modules, others: Modules) -> None:
    """Refuse what differs between seeds where no parameter, buffer or plain tensor holds it.

    Raises:
        InputError: there is such; all seeds would use that of seed 0.
    """
    for name, net in nets.items():
        ours, theirs = hidden(net), hidden(others[name])
        for path in [*ours, *theirs]:
            if not equal(ours.get(path, []), theirs.get(path, [])):
                raise InputError(
                    f"{name}.{path} differs between seeds and is no tensor, so that all would share seed "
                    "0's; keep it with register_buffer"
                )


def _trainable(net: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, p) for name, p in net.named_parameters() if p.requires_grad]


def _shapes(net: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(p.shape) for name, p in net.named_parameters()}
