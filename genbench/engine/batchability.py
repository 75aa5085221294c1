"""Whether one program can train all seeds of a model, found out by trying, and why not, in words."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import vmap

from genbench.engine import streams
from genbench.engine.gradients import Layouts, Tensors, assignment, gradient
from genbench.engine.nets import bind, training
from genbench.engine.rehearsal import SAMPLES, all_updates, example_batch, sample_once, sampler_noise
from genbench.models.model import Assign, Model, Update
from genbench.tasks.task import Task

_REASONS = (
    ("randomness error mode", "its modules draw random numbers of their own, as dropout does"),
    ("in-place operation that would mutate a captured", "a module changes a tensor that is not its own"),
    ("attempted to call in-place operation", "a module writes past torch's bookkeeping, as through .data"),
    (".item()", "its code branches on, or counts with, the values of tensors"),
    ("data-dependent control flow", "its code branches on the values of tensors"),
    ("vmap: inplace arithmetic", "a module writes in place into a tensor that all seeds share"),
    ("requires_grad_()", "its code takes gradients of its own; torch.func.grad serves many seeds at once"),
    ("have storage", "its code leaves torch, as for NumPy"),
)
"""What torch says where one program cannot serve all seeds, and what it means."""


def in_words(error: BaseException) -> str:
    """Torch's objection to one program for all seeds, in words."""
    said = str(error)
    for words, reason in _REASONS:
        if words in said:
            return reason
    if "Batching rule not implemented for" in said:
        operator = said.partition("Batching rule not implemented for")[2].split()[0].strip(".,;")
        return f"torch cannot do {operator} for many seeds at once, which a module calls"
    said = said.strip() or type(error).__name__
    return f"torch cannot run it for many seeds at once ({said.splitlines()[0][:120]})"


def why_not_batched(
    model: Model,
    task: Task,
    batch: int,
    layouts: Layouts,
    players: Tensors,
    buffers: Tensors,
    caching: bool,
) -> str | None:
    """Why seeds cannot be trained by one program, as a phrase; None if they can, which is tried.

    Args:
        players, buffers: of one seed, which lies in front of each.
        caching: see `Traits`; what a module keeps of one program may not serve in the next.
    """
    source = [streams.generator(task.device, "rehearsal")]
    sampler = model.sampler(task)
    noise, c = sampler_noise(sampler, source), task.asked(SAMPLES)  # outside `vmap`, which refuses chance

    def updated(update: Update | Assign) -> None:
        given = example_batch(task, update, batch, source)
        given = given if not update.whole else given._replace(x=given.x[0], c=given.c[0])
        if isinstance(update, Assign):
            assignment(update, layouts, "batched")(players, buffers, given, (None,))
        else:
            own = {player: players[player] for player in update.players}
            gradient(update, layouts, "batched")(own, players, buffers, given, (None,))

    def sampled(flats: Tensors, own: Tensors) -> Tensor:
        return sample_once(sampler, bind(layouts, flats, own), noise, c)

    try:
        for _ in range(2 if caching else 1):
            with training(layouts):
                for update in all_updates(model, task):
                    updated(update)
            with torch.no_grad():
                vmap(sampled)(players, buffers)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever torch, or a stranger's code, makes of a stack of seeds
        return in_words(error)
    return None
