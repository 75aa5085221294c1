"""Which rectified units of a net are awake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn


@contextmanager
def dead_units(players: Mapping[str, nn.Module]) -> Iterator[Mapping[str, list[Tensor]]]:
    """Collects, by player, which units are zero on the whole batch, of each ReLU layer called, (units,)."""
    seen: dict[str, list[Tensor]] = {}

    def note(player: str, module: nn.Module, inputs: object, output: Tensor) -> None:
        beside_units = [0, *range(2, output.dim())]
        seen.setdefault(player, []).append(output.amax(beside_units) <= 0)

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


def worst_share(dead: Sequence[Tensor]) -> Tensor:
    """Share of dead units in the layer that has most, of what `dead_units` collected."""
    return torch.stack([units.float().mean() for units in dead]).max()
