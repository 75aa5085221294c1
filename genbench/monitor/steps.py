"""What optimisers do, seen through hooks: gradients before a step, the update after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


class StepWatch:
    """Records gradients and updates of every player whose optimiser steps while `due` says so.

    The hooks are global to torch.optim, so that a loop need not hand over its optimisers; `close` takes them
    off.
    """

    def __init__(self, players: Mapping[str, nn.Module], due: Callable[[], bool]) -> None:
        self.players, self.due = players, due
        self.signals: dict[str, Tensor] = {}
        self._before: dict[str, list[Tensor]] = {}
        self._handles = [
            register_optimizer_step_pre_hook(self._note_gradients),
            register_optimizer_step_post_hook(self._note_updates),
        ]

    def close(self) -> None:
        """Stop watching."""
        for handle in self._handles:
            handle.remove()

    def _note_gradients(self, optimizer: Optimizer, *_: Any) -> None:
        if not self.due():
            return
        for player, parameters in self._owned(optimizer):
            gradients = [p.grad for p in parameters if p.grad is not None]
            if not gradients:
                continue
            weights = [g for g in gradients if g.dim() > 1] or gradients
            first, last = (g.square().mean().sqrt() for g in (weights[0], weights[-1]))
            self.signals[f"{player}/grad_norm"] = _norm(gradients)
            self.signals[f"{player}/depth_ratio"] = first / last.clamp_min(1e-30)
            self._before[player] = [p.detach().clone() for p in parameters]

    def _note_updates(self, optimizer: Optimizer, *_: Any) -> None:
        for player, parameters in self._owned(optimizer):
            if (before := self._before.pop(player, None)) is None:
                continue
            changes = [p.detach() - old for p, old in zip(parameters, before, strict=True)]
            size = _norm(changes)
            rate = float(optimizer.param_groups[0]["lr"]) * sum(p.numel() for p in parameters) ** 0.5
            self.signals[f"{player}/update_norm"] = size
            if rate:
                self.signals[f"{player}/update_ratio"] = size / rate

    def _owned(self, optimizer: Optimizer) -> list[tuple[str, list[nn.Parameter]]]:
        """The players that this optimiser moves, with those of their parameters that it moves."""
        moved = {id(p) for group in optimizer.param_groups for p in group["params"]}
        own = {name: [p for p in net.parameters() if id(p) in moved] for name, net in self.players.items()}
        return [(name, parameters) for name, parameters in own.items() if parameters]


def _norm(parts: list[Tensor]) -> Tensor:
    return torch.stack([part.detach().float().square().sum() for part in parts]).sum().sqrt()
