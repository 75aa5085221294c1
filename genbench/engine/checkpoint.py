"""A state as the bytes of one safetensors file, step and clock in its header: whole, or known not to be."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from genbench.engine.state import State
from genbench.store import RunFolder
from genbench.types import InputError

VERSION = "2"
READ = ("1", VERSION)
"""Version 1 called an optimiser's state after its update: a run that has not ended cannot go on from it."""
_LOG = logging.getLogger(__name__)


def to_bytes(state: State, key: str) -> bytes:
    """Serialise; `key` names the configuration that the state belongs to."""
    tensors = {f"players/{name}": t for name, t in state.players.items()}
    tensors |= {f"buffers/{name}": t for name, t in state.buffers.items()}
    tensors |= {f"optimizers/{u}/{name}": t for u, own in state.optimizers.items() for name, t in own.items()}
    tensors |= {f"watched/{name}": t for name, t in state.watched.items()}
    tensors["died"] = state.died
    head = {"step": state.step, "seconds": state.seconds, "key": key, "updates": list(state.optimizers)}
    # A clone each: safetensors refuses tensors that share storage.
    plain = {name: t.detach().cpu().clone().contiguous() for name, t in tensors.items()}
    text = json.dumps(head)
    return save(plain, metadata={"version": VERSION, "head": text, "checksum": _checksum(text, plain)})


def from_bytes(data: bytes, where: str, key: str, device: torch.device) -> State:
    """Read a state back.

    Args:
        where: how errors name the file.

    Raises:
        InputError: the file is damaged, or belongs to another configuration.
    """
    try:
        meta, tensors = _metadata(data), load(data)
        head = dict(json.loads(meta.get("head", "{}")))
        # Checkpoints of earlier versions have no checksum.
        if meta.get("checksum", (sound := _checksum(meta.get("head", ""), tensors))) != sound:
            raise ValueError("its checksum does not match")
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{where} is damaged ({error}); delete it to start this run again") from None
    if meta.get("version") not in READ or head.get("key") != key:
        raise InputError(f"{where} belongs to another configuration; delete it to start this run again")
    tensors = {name: t.to(device) for name, t in tensors.items()}
    try:
        return State(
            step=int(head["step"]),
            seconds=float(head["seconds"]),
            players=_below(tensors, "players/"),
            buffers=_below(tensors, "buffers/"),
            died=tensors["died"],
            optimizers={name: _below(tensors, f"optimizers/{name}/") for name in head["updates"]},
            watched=_below(tensors, "watched/"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where} lacks {error}; delete it to start this run again") from None


def newest(folder: RunFolder, key: str, device: torch.device) -> State | None:
    """The state to go on from: the last checkpoint that is whole, the one before it if need be.

    A damaged one is reported to the log and passed over. None if none was written.

    Raises:
        InputError: there are checkpoints, and none can be used.
    """
    problems: list[InputError] = []
    for where, data in folder.states():
        try:
            state = from_bytes(data, where, key, device)
        except InputError as error:
            problems.append(error)
            continue
        for problem in problems:
            _LOG.warning("%s; going on from step %d, the checkpoint before it", problem, state.step)
        return state
    if problems:
        raise problems[0]
    return None


def _metadata(data: bytes) -> dict[str, Any]:
    """The free part of a safetensors header: eight bytes of length, then JSON."""
    size = int.from_bytes(data[:8], "little")
    found: dict[str, Any] = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    return found


def _checksum(head: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(head.encode())
    for name in sorted(tensors):
        t = tensors[name]
        digest.update(f"{name} {t.dtype} {tuple(t.shape)}".encode())
        digest.update(t.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
