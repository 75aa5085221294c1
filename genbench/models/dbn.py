"""Restricted Boltzmann machines and the deep belief nets stacked from them.

An RBM is a deep belief net of one layer, so one family serves both.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from genbench.models.capabilities import EnergyModel, MarkovChain
from genbench.models.model import (
    Batch,
    Draw,
    Draws,
    Loss,
    Model,
    Nets,
    Noise,
    Phase,
    Projection,
    Sampler,
    Start,
    Update,
)
from genbench.models.tuned import TUNED
from genbench.nn.rbm import GibbsState, Rbm
from genbench.ops.optim import Optimizer, chain, scale, sgd, split, trace, weight_decay
from genbench.ops.partition import RbmParameters
from genbench.registry import forwards, models
from genbench.tasks.task import Task


class _GibbsChain(NamedTuple):
    """A Gibbs chain of one layer.

    Attributes:
        start: the state at the data.
        end: visible units at the other end, shape (B, V).
        offset: hidden offsets after this step; None if the machine is not centred.
        error: mean squared difference of the data and what their hidden probabilities give.
    """

    start: GibbsState
    end: Tensor
    offset: Tensor | None
    error: Tensor


@models.register("dbn", cite="hinton2006dbn", revision=2, tuned=TUNED["dbn"])
@dataclass(frozen=True)
class DeepBeliefNet(Model, MarkovChain, EnergyModel):
    """Deep belief net, trained greedily layer by layer with contrastive divergence.

    Each layer is an RBM on the hidden probabilities of the one below.

    The visible units are binary for images, whose grey values count as probabilities, and Gaussian for
    points, with a variance that is fixed, or learned by the same gradient. A layer descends
    F(data) − F(chain), whose gradient is that of contrastive divergence: the chain runs without gradients for
    `cd_steps` Gibbs steps, from the data (CD-k, Hinton 2002) or from where it stopped (persistent, Tieleman
    2008).

    Attributes:
        hidden: units of each layer, bottom first.
        rate, gaussian_rate: step size of binary machines, and of one with Gaussian visible units.
        visible_noise: σ² of Gaussian visible units, as a share of the data's variance. It is the least spread
            of a mode that the machine can draw; where it is small, `gaussian_rate` must be, too, since the
            slope of the weights grows with 1/σ².
        learned_noise: log σ² of each Gaussian unit is trained, too (Cho et al. 2011), and `visible_noise` is
            where it starts and the most that it becomes: what the machine does not reconstruct yet would
            widen it without end. Not for centred machines.
        noise_rate: step size of log σ².
        least_noise: the least σ², as `visible_noise`.
        decay: strength of the weight decay.
        offset_rate: rate at which the hidden offsets of centred machines follow their units' means; None
            trains plain machines. Centring makes the result indifferent to flipped bits (Melchior et al.
            2016); visible offsets stay at the data's mean (½ above the first layer), hidden ones start from
            noise, which they forget.
        wide: binary machines start with wide weights, see `nn.rbm.Rbm`; on data that are mostly white a
            plain machine ends far better for it.
        sampling_sweeps: Gibbs sweeps in the top machine before a sample is read.
    """

    hidden: tuple[int, ...] = (256, 256)
    cd_steps: int = 1
    persistent: bool = False
    rate: float = 0.05
    gaussian_rate: float = 3e-4
    visible_noise: float = 0.1
    learned_noise: bool = False
    noise_rate: float = 3e-3
    least_noise: float = 1e-4
    momentum: float = 0.5
    decay: float = 2e-4
    offset_rate: float | None = None
    wide: bool = False
    sampling_sweeps: int = 500

    def refuses(self, task: Task) -> str | None:
        if not self._learns_noise(task, 0):
            return None
        if self.offset_rate is not None:
            return "a centred machine cannot learn its noise"
        if self.least_noise > self.visible_noise:
            return f"its noise starts at {self.visible_noise}, below the least, {self.least_noise}"
        return None

    def nets(self, task: Task) -> dict[str, nn.Module]:
        data = task.to_float(task.train).flatten(1)
        mean = data.mean(0).cpu()
        spread = data.std(0).cpu() if task.kind == "points" else None
        halves = [torch.full((units,), 0.5) for units in self.hidden[:-1]]
        centred = self.offset_rate is not None
        options = self.visible_noise, self.wide, centred, self.learned_noise
        return {
            _layer(i): Rbm(units, below, spread if i == 0 else None, *options)
            for i, (units, below) in enumerate(zip(self.hidden, [mean, *halves], strict=True))
        }

    def buffers(self, task: Task, batch: int) -> dict[str, Start]:
        """Persistent chains and hidden offsets; both start from noise."""
        buffers: dict[str, Start] = {}
        for i, (v, h) in enumerate(itertools.pairwise(self._sizes(task))):
            if self.persistent:
                buffers[f"{_layer(i)}.chain"] = Noise(_visible_distribution(task, i), (batch, v))
            if self.offset_rate is not None:
                buffers[f"{_layer(i)}.offset"] = Noise("uniform", (h,))
        return buffers

    def phases(self, task: Task) -> Sequence[Phase]:
        return [Phase([self._update(task, i)], name=_layer(i)) for i in range(len(self.hidden))]

    def cd_loss(self, layer: int, nets: Nets, batch: Batch) -> Loss:
        """F(data) − F(chain) of one layer, batch means of one seed's examples (B, *task.shape)."""
        rbm = nets[_layer(layer)]
        with torch.no_grad():
            gibbs = self._gibbs_chain(layer, nets, batch.x.flatten(1), batch.noise)
        ends = gibbs.start.visible, gibbs.end
        if gibbs.offset is None:
            energies = [rbm.free_energy(v).mean() for v in ends]
        else:
            energies = [rbm.centred_free_energy(v, gibbs.offset).mean() for v in ends]
        return self._loss(layer, gibbs, *energies)

    def cd_gradient(
        self, layer: int, nets: Nets, batch: Batch
    ) -> tuple[Mapping[str, Mapping[str, Tensor]], Loss]:
        """`cd_loss` with its gradient in closed form, of a stack of seeds' examples (S, B, *task.shape)."""
        name = _layer(layer)
        rbm, gibbs = nets[name], self._gibbs_chain(layer, nets, batch.x.flatten(2), batch.noise)
        end = GibbsState(gibbs.end, rbm.hidden_logits(gibbs.end))
        found = rbm.cd_gradient(gibbs.start, end, gibbs.offset)
        return {name: found.gradient}, self._loss(layer, gibbs, found.at_start, found.at_end)

    def _gibbs_chain(self, layer: int, nets: Nets, x: Tensor, noise: Draws) -> _GibbsChain:
        """The Gibbs chain of a layer from flat examples, of one seed or of a stack."""
        rbm = nets[_layer(layer)]
        data = self.propagate_up(nets, x, layer)
        start = GibbsState(data, rbm.hidden_logits(data))
        hidden = start.hidden_logits.sigmoid()
        v, up = (rbm.chain, rbm.hidden(rbm.chain)) if self.persistent else (data, hidden)
        for step, (u_hidden, u_visible) in enumerate(
            zip(noise["hidden"].unbind(-2), noise["visible"].unbind(-2), strict=True)
        ):
            up = up if step == 0 else rbm.hidden(v)
            v = rbm.draw_visible(_draw(up, u_hidden), u_visible)
        rate = self.offset_rate
        offset = None if rate is None else torch.lerp(rbm.offset, hidden.mean(-2), rate)
        error = (data - rbm.visible(hidden)).square().mean((-2, -1))
        return _GibbsChain(start, v, offset, error)

    def _loss(self, layer: int, gibbs: _GibbsChain, at_data: Tensor, at_chain: Tensor) -> Loss:
        name = _layer(layer)
        stats = {
            f"{name}/free_energy_data": at_data,
            f"{name}/free_energy_chain": at_chain,
            f"{name}/reconstruction_error": gibbs.error,
        }
        buffers = {f"{name}.chain": gibbs.end} if self.persistent else {}
        if gibbs.offset is not None:
            buffers[f"{name}.offset"] = gibbs.offset
        return Loss(at_data - at_chain, stats, buffers)

    def propagate_up(self, nets: Nets, x: Tensor, layers: int) -> Tensor:
        """Hidden probabilities (B, H) after the first `layers` layers; `x` (B, V) itself for none."""
        for i in range(layers):
            x = nets[_layer(i)].hidden(x)
        return x

    def rbm_layers(self, nets: Nets) -> list[RbmParameters]:
        return [nets[_layer(i)].rbm_parameters() for i in range(len(self.hidden))]

    def sampler(self, task: Task) -> Sampler:
        """Gibbs sweeps in the top machine from fair coin flips, then a pass down to the data."""
        top, sizes = len(self.hidden) - 1, self._sizes(task)
        start = {"start": Noise("uniform", (sizes[-1],))}
        sweep = {
            "visible": Noise(_visible_distribution(task, top), (sizes[-2],)),
            "hidden": Noise("uniform", (sizes[-1],)),
        }
        down = {
            _layer(i): Noise(_visible_distribution(task, i), (units,)) for i, units in enumerate(sizes[:-1])
        }
        return Sampler(
            Draw(start, lambda nets, noise, c: (noise["start"] < 0.5).float()),
            Draw(sweep, partial(self._sweep, _layer(top))),
            self.sampling_sweeps,
            Draw(down, partial(self._propagate_down, task)),
        )

    def start_at(self, task: Task, nets: Nets, x: Tensor, noise: Draws) -> Tensor:
        return _draw(self.propagate_up(nets, x.flatten(1), len(self.hidden)), noise["start"])

    def _sweep(self, top: str, nets: Nets, state: Tensor, noise: Draws, c: Tensor, i: int) -> Tensor:
        return _draw(nets[top].hidden(nets[top].draw_visible(state, noise["visible"])), noise["hidden"])

    def _propagate_down(self, task: Task, nets: Nets, state: Tensor, noise: Draws, c: Tensor) -> Tensor:
        """Draws between layers; at the bottom probabilities for images, a draw for points."""
        for i in reversed(range(1, len(self.hidden))):
            state = nets[_layer(i)].draw_visible(state, noise[_layer(i)])
        bottom = nets[_layer(0)]
        x = bottom.visible(state) if task.kind == "images" else bottom.draw_visible(state, noise[_layer(0)])
        return torch.unflatten(x, 1, task.shape)

    def _sizes(self, task: Task) -> tuple[int, ...]:
        return (math.prod(task.shape), *self.hidden)

    def _update(self, task: Task, layer: int) -> Update:
        visible, hidden = self._sizes(task)[layer : layer + 2]
        noise = {
            "hidden": Noise("uniform", (self.cd_steps, hidden)),
            "visible": Noise(_visible_distribution(task, layer), (self.cd_steps, visible)),
        }
        return Update(
            partial(self.cd_loss, layer),
            {_layer(layer): self._optimizer(task, layer)},
            noise,
            project={_layer(0): self._within_bounds(task)} if self._learns_noise(task, layer) else {},
            gradient=partial(self.cd_gradient, layer),
        )

    def _optimizer(self, task: Task, layer: int) -> Optimizer:
        rate = self.gaussian_rate if _gaussian(task, layer) else self.rate
        plain = chain(weight_decay(self.decay), trace(self.momentum), scale(-rate))
        if not self._learns_noise(task, layer):
            return plain
        return split(self._sizes(task)[0], plain, sgd(self.noise_rate, self.momentum))

    def _learns_noise(self, task: Task, layer: int) -> bool:
        return self.learned_noise and _gaussian(task, layer)

    def _within_bounds(self, task: Task) -> Projection:
        """Flat parameters (…, P), which end with log σ², and the same with these between their bounds."""
        variance = task.to_float(task.train).flatten(1).std(0).square()
        low, high = ((share * variance).log() for share in (self.least_noise, self.visible_noise))

        def bounded(flat: Tensor) -> Tensor:
            last = len(variance)
            return torch.cat([flat[..., :-last], flat[..., -last:].clamp(low, high)], -1)

        return bounded


def _layer(i: int) -> str:
    return f"rbm{i}"


def _gaussian(task: Task, layer: int) -> bool:
    """Whether a layer's visible units are Gaussian."""
    return task.kind == "points" and layer == 0


def _visible_distribution(task: Task, layer: int) -> Literal["normal", "uniform"]:
    return "normal" if _gaussian(task, layer) else "uniform"


def _draw(probability: Tensor, uniform: Tensor) -> Tensor:
    return (uniform < probability).to(probability.dtype)


@models.register("rbm", cite="hinton2002cd", revision=2, tuned=TUNED["rbm"])
@forwards(DeepBeliefNet)
def rbm(hidden: int = 256, **options: Any) -> DeepBeliefNet:
    """Restricted Boltzmann machine by contrastive divergence, CD-k or persistent."""
    return DeepBeliefNet((hidden,), **options)
