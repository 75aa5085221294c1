"""Which rectified units of a net are awake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from torch import Tensor, nn


@contextmanager
def dead_shares(players: Mapping[str, nn.Module]) -> Iterator[Mapping[str, list[Tensor]]]:
    """Collects, by player, the share of units that are zero on the whole batch, of each ReLU layer called."""
    seen: dict[str, list[Tensor]] = {}

    def note(player: str, module: nn.Module, inputs: object, output: Tensor) -> None:
        units = output.transpose(0, 1).flatten(1)
        seen.setdefault(player, []).append((units <= 0).all(1).float().mean())

    handles = [
        module.register_forward_hook(partial(note, player))
        for player, net in players.items()
        for module in net.modules()
        if isinstance(module, nn.ReLU)
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
