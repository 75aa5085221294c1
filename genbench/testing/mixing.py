"""Whether Markov chains forget where they started: long chains of their own, and exact relaxation times."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from genbench.engine import streams
from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import each, read, stepped
from genbench.engine.state import State
from genbench.models.capabilities import MarkovChain
from genbench.ops.partition import RbmParameters

CHAINS, SWEEPS = 128, 400
"""Ten times as long as the chains that detectors see."""
MOST_VISIBLE, MOST_HIDDEN = 16, 8


@torch.no_grad()
def long_chains(ensemble: Ensemble, state: State, model: MarkovChain) -> tuple[Tensor, Tensor]:
    """Samples of long chains started at noise and at data, (S, `CHAINS`, *task.shape) each."""
    task, sampler = ensemble.task, ensemble.model.sampler(ensemble.task)
    sources, asked = ensemble.generators("outcome chains", state.step), task.asked(2 * CHAINS)
    noise = streams.draw(sampler.start.noise, sources, (CHAINS,))
    reals = task.to_float(task.train[-CHAINS:])
    cold = each(ensemble, state, lambda nets, z: sampler.start.of(nets, z, asked[:CHAINS]), noise)
    warm = each(ensemble, state, lambda nets, z: model.start_at(task, nets, reals, z), noise)
    chains = torch.cat([cold, warm], 1)
    chains = stepped(ensemble, state, sampler, chains, asked, range(SWEEPS), sources)
    x = read(ensemble, state, sampler, chains, asked, sources)
    return x[:, :CHAINS], x[:, CHAINS:]


def relaxation(machine: RbmParameters) -> float | None:
    """Sweeps in which block Gibbs sampling forgets its start by a factor e: −1 / ln |λ₂|, by enumeration.

    λ₂ is the second eigenvalue of the kernel p(h' | h) = Σ_v p(h' | v) p(v | h) of a binary machine. None for
    machines that are Gaussian or too large to enumerate.
    """
    weight, b, c, log_variance = machine.double()
    visible, hidden = weight.shape
    if log_variance is not None or visible > MOST_VISIBLE or hidden > MOST_HIDDEN:
        return None
    v, h = _states(visible), _states(hidden)
    up = _conditional(torch.addmm(c, v, weight), h)
    down = _conditional(torch.addmm(b, h, weight.t()), v)
    second = float(torch.linalg.eigvals(down @ up).abs().sort().values[-2])
    return -1 / math.log(min(max(second, 1e-12), 1 - 1e-12))


def _states(units: int) -> Tensor:
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=units)), dtype=torch.float64)


def _conditional(logits: Tensor, states: Tensor) -> Tensor:
    """p(state | row) for independent units of these logits, (rows, states)."""
    log_one, log_zero = (torch.nn.functional.logsigmoid(sign * logits) for sign in (1, -1))
    return (log_one @ states.T + log_zero @ (1 - states).T).exp()
