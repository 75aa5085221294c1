"""Samples along walks through the latent space, a few of every seed."""

from __future__ import annotations

import torch
from torch import Tensor

from genbench.engine import streams
from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import CHUNK, each, read
from genbench.engine.state import State
from genbench.metrics.path_length import between
from genbench.models.capabilities import Latent

WALKS = {"images": (2, 12), "points": (8, 50)}
"""Walks a seed and stops a walk, by kind of task; all of a seed's stops fit into one chunk of samples."""


@torch.no_grad()
def walk(ensemble: Ensemble, state: State) -> Tensor | None:
    """Samples at even stops from one draw of noise to another, shape (S, walks, stops, *task.shape).

    The ends belong to the seed and are always the same. Normal noise moves on the great circle, uniform noise
    on the line, as for `path_length`. The stops stand in a chunk of the size that samples are drawn in, the
    rest of it ordinary noise, so that batch norm sees what it sees there. None if the model does not make
    samples from noise in one pass: a Markov chain has no latent space to walk through.
    """
    model, task = ensemble.model, ensemble.task
    if not isinstance(model, Latent):
        return None
    walks, stops = WALKS[task.kind]
    sources, asked = ensemble.generators("walks", 0), task.asked(CHUNK).clone()
    asked[: walks * stops] = asked[:walks].repeat_interleave(stops, dim=0)
    sampler = model.sampler(task)
    noise = streams.draw(sampler.start.noise, sources, (CHUNK,))
    t = torch.linspace(0, 1, stops, device=ensemble.device).repeat(walks)
    for row in range(len(ensemble.seeds)):
        own = {name: drawn[row] for name, drawn in noise.items()}
        ends = [{name: z[i : i + walks] for name, z in own.items()} for i in (0, walks)]
        start, end = ({name: z.repeat_interleave(stops, dim=0) for name, z in at.items()} for at in ends)
        for name, path in between(sampler.start.noise, start, end, t).items():
            own[name][: walks * stops] = path
    x = each(ensemble, state, lambda nets, z: sampler.start.of(nets, z, asked), noise, purpose=("walks",))
    samples = read(ensemble, state, sampler, x, asked, sources, ("walks",))
    return samples[:, : walks * stops].unflatten(1, (walks, stops))
