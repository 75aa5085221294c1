"""A state as the bytes of one safetensors file, step and clock in its header: whole or not there."""

from __future__ import annotations

import json

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from genbench.engine.ensemble import State
from genbench.types import InputError

VERSION = "1"


def to_bytes(state: State, key: str) -> bytes:
    """Serialise; `key` names the configuration that the state belongs to."""
    tensors = {f"players/{name}": t for name, t in state.players.items()}
    tensors |= {f"buffers/{name}": t for name, t in state.buffers.items()}
    tensors |= {f"optimizers/{u}/{name}": t for u, own in state.optimizers.items() for name, t in own.items()}
    tensors["died"] = state.died
    head = {"step": state.step, "seconds": state.seconds, "key": key, "updates": list(state.optimizers)}
    # A clone each: safetensors refuses tensors that share storage.
    plain = {name: t.detach().cpu().clone().contiguous() for name, t in tensors.items()}
    return save(plain, metadata={"version": VERSION, "head": json.dumps(head)})


def read(path: str, key: str, device: torch.device) -> State:
    """Read a state back.

    Raises:
        InputError: the file is damaged, or belongs to another configuration.
    """
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            meta = file.metadata() or {}
            head = json.loads(meta.get("head", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}); delete it to start this run again") from None
    if meta.get("version") != VERSION or head.get("key") != key:
        raise InputError(f"{path} belongs to another configuration; delete it to start this run again")
    return State(
        step=head["step"],
        seconds=head["seconds"],
        players=_below(tensors, "players/"),
        buffers=_below(tensors, "buffers/"),
        died=tensors["died"],
        optimizers={u: _below(tensors, f"optimizers/{u}/") for u in head["updates"]},
    )


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
