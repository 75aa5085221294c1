"""Adversarial games: one family, whose members (`gans`) differ by losses, penalties, optimisers, nets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.func import grad

from genbench.models.capabilities import Latent, Probed
from genbench.models.model import (
    Assign,
    Batch,
    Constant,
    Draw,
    Draws,
    Loss,
    Model,
    Nets,
    Noise,
    Phase,
    Sampler,
    Start,
    Update,
    ema,
)
from genbench.models.penalties import Penalty
from genbench.nn.architectures import DENSE, Architecture
from genbench.ops import adversarial as games
from genbench.ops.optim import Optimizer, chain, cosine, scale_by_schedule
from genbench.tasks.task import Task

Prior = Literal["normal", "uniform"]
Output = Literal["tanh", "sigmoid"]


@dataclass(frozen=True)
class Gan(Model, Latent, Probed):
    """A generator against a critic.

    Images are seen by both nets in the range of the generator's output, [−1, 1] for tanh; points as they are.

    Attributes:
        threshold: score above which the critic calls a sample real; for the accuracy signals alone.
        penalty: what is added to the critic's loss, see `models.penalties`; None for nothing.
        clip: the critic's weights are kept in [−clip, clip]; None for no clipping.
        architecture: how the nets are built, see `nn.architectures`.
        output: what bounds generated images; with a sigmoid the nets see images in [0, 1].
        label_flips: probability with which the labels of a real and a generated example are swapped.
        freeze_above: a player learns nothing in a step where it is too far ahead: the critic where its
            accuracy on the batch exceeds this, the generator where the accuracy is below 1 − freeze_above;
            None for never. Its gradient is zero then, and what momentum carries dies out within a few steps.
        average: decay a step of an exponential moving average of the generator's weights, which is drawn from
            and probed in its place, see `models.model.ema`; 0 for none. It reaches over a ninth of the steps
            taken at most, so that .999 holds from step 9,000 on, and .99 from step 900. Batch norm needs
            nothing more: its nets take the statistics of the batch that is drawn.
        final_rate: share of both players' step size that is left at the end of the run, which they reach
            along half a cosine (Loshchilov & Hutter 2017); 1 for a constant one.
    """

    critic_loss: games.CriticLoss
    generator_loss: games.GeneratorLoss
    critic_optimizer: Optimizer
    generator_optimizer: Optimizer
    critic_steps: int = 1
    penalty: Penalty | None = None
    clip: float | None = None
    threshold: float = 0.0
    latent: int = 64
    prior: Prior = "normal"
    architecture: Architecture = DENSE
    output: Output = "tanh"
    label_flips: float = 0.0
    freeze_above: float | None = None
    average: Annotated[float, Field(ge=0, lt=1)] = 0.0
    final_rate: Annotated[float, Field(ge=0, le=1)] = 1.0

    def refuses(self, task: Task) -> str | None:
        return self.architecture.refuses(task.shape)

    def nets(self, task: Task) -> dict[str, nn.Module]:
        generator = self.architecture.generator(self.latent, task.shape, self._output(task))
        averaged = {"average": copy.deepcopy(generator)} if self.average else {}
        return {"generator": generator, "critic": self.architecture.critic(task.shape), **averaged}

    def buffers(self, task: Task, batch: int) -> dict[str, Start]:
        return {"average.steps": Constant()} if self.average else {}

    def phases(self, task: Task) -> Sequence[Phase]:
        """One stretch: so many critic steps, each on fresh data and noise, then one of the generator.

        The generator's average follows it, where there is one.
        """
        seen = self._seen(task)

        def critic_objective(nets: Nets, batch: Batch) -> Loss:
            return self.critic_objective(nets, batch._replace(x=seen(batch.x)))

        def generator_objective(nets: Nets, batch: Batch) -> Loss:
            return self.generator_objective(nets, batch, lambda: nets["critic"](seen(batch.x)))

        penalised = self.penalty.noise if self.penalty and self.penalty.weight else {}
        flipped = {"flip": Noise("uniform")} if self.label_flips else {}
        latent = self.latent_noise()
        critic = Update(
            critic_objective,
            {"critic": self._decayed(self.critic_optimizer)},
            {**latent, **penalised, **flipped},
            self.critic_steps,
            {} if self.clip is None else {"critic": partial(torch.clamp, min=-self.clip, max=self.clip)},
        )
        moves = {"generator": self._decayed(self.generator_optimizer)}
        updates: list[Update | Assign] = [critic, Update(generator_objective, moves, latent)]
        if self.average:
            updates.append(ema("average", "generator", self.average, "steps"))
        return [Phase(updates)]

    def critic_objective(self, nets: Nets, batch: Batch) -> Loss:
        """The critic's loss on real data (B, *task.shape) in the nets' own range."""
        x, noise = batch.x, batch.noise
        with torch.no_grad():
            fake = nets["generator"](self._latent(noise["z"]))
        real_score, fake_score = nets["critic"](x), nets["critic"](fake)
        value = self._judged(real_score, fake_score, noise)
        right = (real_score > self.threshold).float().mean(), (fake_score <= self.threshold).float().mean()
        stats = {
            "critic/loss": value,
            "critic/score_real": real_score.mean(),
            "critic/score_fake": fake_score.mean(),
            "critic/accuracy_real": right[0],
            "critic/accuracy_fake": right[1],
        }
        if self.penalty and self.penalty.weight:
            stats["critic/penalty"] = self.penalty.of(nets["critic"], x, fake, noise)
            value = value + self.penalty.weight * stats["critic/penalty"]
        if self.freeze_above is not None:
            value = _unless(sum(right) / 2 > self.freeze_above, value)
        return Loss(value, stats)

    def generator_objective(self, nets: Nets, batch: Batch, real: games.RealScores) -> Loss:
        """The generator's loss, a batch mean; `real` gives the scores (B,) of data, if the loss asks."""
        scores = nets["critic"](nets["generator"](self._latent(batch.noise["z"])))
        value = self.generator_loss(scores, real)
        stats = {"generator/loss": value}
        if self.freeze_above is not None:
            caught = (scores <= self.threshold).float().mean()
            value = _unless(caught < 1 - self.freeze_above, value)
        return Loss(value, stats)

    def _judged(self, real: Tensor, fake: Tensor, noise: Draws) -> Tensor:
        """The critic's loss of scores whose labels may be swapped."""
        if not self.label_flips:
            return self.critic_loss(real, fake)
        flip = noise["flip"] < self.label_flips
        return self.critic_loss(torch.where(flip, fake, real), torch.where(flip, real, fake))

    def sampler(self, task: Task) -> Sampler:
        """One pass of the generator; images are brought back to [0, 1]."""

        def generate(nets: Nets, noise: Draws, c: Tensor) -> Tensor:
            x: Tensor = nets["average" if self.average else "generator"](self._latent(noise["z"]))
            return (x + 1) / 2 if self._signs(task) else x

        return Sampler(Draw(self.latent_noise(), generate))

    def latent_noise(self) -> dict[str, Noise]:
        """What the generator makes one example of."""
        return {"z": Noise(self.prior, (self.latent,))}

    def probe(self, task: Task, nets: Nets, real: Tensor, generated: Tensor) -> Mapping[str, Tensor]:
        """How the critic tells held-out data from samples, and what slope it leaves the generator."""
        pair = (real, generated[: len(real)])
        on_real, on_fake = map(nets["critic"], map(self._seen(task), pair))
        balanced = torch.full_like(on_fake, self.threshold)
        slope, equilibrium = self._slope(on_fake, on_real), self._slope(balanced, balanced)
        right = (on_real > self.threshold).float().mean() + (on_fake <= self.threshold).float().mean()
        return {
            "critic/held_out_real": on_real.mean(),
            "critic/held_out_fake": on_fake.mean(),
            "critic/held_out_accuracy": right / 2,
            "critic/auc": (on_real[:, None] > on_fake).float().mean(),
            "generator/score_gradient": slope / equilibrium,
        }

    def _slope(self, fake: Tensor, real: Tensor) -> Tensor:
        """Sum of what the generator's loss pulls at each score of generated data (B,), a scalar."""
        return grad(lambda scores: self.generator_loss(scores, lambda: real))(fake).abs().sum()

    def _decayed(self, optimizer: Optimizer) -> Optimizer:
        """The optimiser, with the step size's schedule behind it."""
        if self.final_rate == 1:
            return optimizer
        return chain(optimizer, scale_by_schedule(cosine(self.final_rate)))

    def _output(self, task: Task) -> nn.Module:
        if task.kind != "images":
            return nn.Identity()
        return nn.Tanh() if self.output == "tanh" else nn.Sigmoid()

    def _signs(self, task: Task) -> bool:
        """Whether the nets see images in [−1, 1]."""
        return task.kind == "images" and self.output == "tanh"

    def _seen(self, task: Task) -> Callable[[Tensor], Tensor]:
        """Data (B, *task.shape) → the same in the range in which the nets see them."""
        return _signed if self._signs(task) else _unchanged

    def _latent(self, z: Tensor) -> Tensor:
        return _signed(z) if self.prior == "uniform" else z


def _unless(stands: Tensor, value: Tensor) -> Tensor:
    """The same value, without a gradient where the player stands still."""
    return torch.where(stands, value.detach(), value)


def _unchanged(x: Tensor) -> Tensor:
    return x


def _signed(x: Tensor) -> Tensor:
    return 2 * x - 1
