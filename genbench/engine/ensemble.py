"""Many seeds of one model on one task: their state, and how a stretch of training advances it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from genbench.engine import streams
from genbench.engine.compilation import Compiled
from genbench.engine.gradients import Backend, Gradient, Sharing, gradient
from genbench.engine.nets import Layout, Net, bind, flatten
from genbench.engine.program import Given, Precision, Program, products
from genbench.engine.signals import Accumulator
from genbench.models.model import Model, Update
from genbench.ops.optim import State as OptimizerState
from genbench.tasks.task import Task

BLOCK_NUMBERS = 2**20
"""Random numbers a seed draws at once, about; enough to make the draw's own cost vanish."""
MAX_BLOCK_STEPS = 64


@dataclass
class State:
    """All that a resumed run needs; seeds lie in front of every tensor.

    Attributes:
        died: step at which a seed's loss or gradient stopped being finite; −1 while it lives.
        watched: what looks at samples carry on from one to the next; training never reads it.
    """

    step: int
    seconds: float
    players: dict[str, Tensor]
    buffers: dict[str, Tensor]
    died: Tensor
    optimizers: dict[str, OptimizerState] = field(default_factory=dict)
    watched: dict[str, Tensor] = field(default_factory=dict)

    @property
    def alive(self) -> Tensor:
        return self.died < 0


@dataclass(frozen=True)
class Ensemble:
    """What stays the same while the state advances.

    Attributes:
        steps: the whole budget; phases divide it by their shares.
        together: seeds that a batched program holds at once; None means all.
        sharing: how gradients come from several processes; None for this one alone.
        compiled: whether an update is one compiled program; for the batched backend, in one process.
    """

    model: Model
    task: Task
    seeds: tuple[int, ...]
    steps: int
    batch: int
    backend: Backend = "batched"
    together: int | None = None
    sharing: Sharing | None = None
    compiled: bool = False
    precision: Precision = "fp32"

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        return {name: Layout(net.to(self.device)) for name, net in self._seed_nets(0).items()}

    @property
    def device(self) -> torch.device:
        return self.task.device

    @cached_property
    def spans(self) -> list[tuple[int, int, Sequence[Update]]]:
        """First step, end and updates of each phase."""
        phases = self.model.phases(self.task)
        total, done, spans = sum(p.share for p in phases), 0.0, []
        for phase in phases:
            start, done = round(self.steps * done / total), done + phase.share
            spans.append((start, round(self.steps * done / total), phase.updates))
        return spans

    def initial(self) -> State:
        """State before the first step."""
        made = [self._seed_nets(seed) for seed in self.seeds]
        players = {n: torch.stack([flatten(nets[n]) for nets in made]).to(self.device) for n in self.layouts}
        sources = self.generators("buffers")
        buffers = streams.draw(self.model.buffers(self.task, self.batch), sources)
        died = torch.full((len(self.seeds),), -1, device=self.device)
        return State(0, 0.0, players, buffers, died)

    def advance(self, state: State, stop: int) -> Accumulator:
        """Train from `state.step` up to `stop`, in place; gives the signals of the stretch."""
        signals = Accumulator()
        started = time.perf_counter()
        with products(self.precision, self.device):
            for phase, (start, end, updates) in enumerate(self.spans):
                first, last = max(start, state.step), min(end, stop)
                if first < last:
                    self._advance_phase(state, phase, updates, first, last, signals)
        self._synchronise()
        state.step = stop
        state.seconds += time.perf_counter() - started
        return signals

    def examples(self, step: int) -> int:
        """Training examples a seed has consumed before `step`, critic steps included."""
        return self.batch * sum(
            max(u.repeats for u in updates) * (min(end, step) - start)
            for start, end, updates in self.spans
            if start < step
        )

    def nets(self, state: State, row: int) -> dict[str, Net]:
        """The nets of the seed in that row of the state."""
        return bind(
            self.layouts,
            {name: flat[row] for name, flat in state.players.items()},
            {name: buffer[row] for name, buffer in state.buffers.items()},
        )

    def generators(self, *purpose: object) -> list[torch.Generator]:
        """One generator a seed for `purpose`."""
        return [streams.generator(self.device, seed, *purpose) for seed in self.seeds]

    @cached_property
    def _orders(self) -> list[streams.DataOrder]:
        return [streams.DataOrder(seed, len(self.task.train), self.device) for seed in self.seeds]

    @cached_property
    def _programs(self) -> dict[tuple[int, int], Program]:
        return {
            (p, u): Program(update, self.layouts, self._gradient(update), self.precision)
            for p, (_, _, updates) in enumerate(self.spans)
            for u, update in enumerate(updates)
        }

    @cached_property
    def _compiled(self) -> dict[tuple[int, int], Compiled]:
        return {place: Compiled(program) for place, program in self._programs.items()}

    def _gradient(self, update: Update) -> Gradient:
        return gradient(update, self.layouts, self.backend, self.together, self.sharing)

    def _seed_nets(self, seed: int) -> Mapping[str, torch.nn.Module]:
        # Modules initialise themselves from the global generator: lend it to this seed, on the CPU, where
        # the numbers are the same whatever device trains.
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.set_state(
                streams.generator(torch.device("cpu"), seed, "initialisation").get_state()
            )
            return self.model.nets(self.task)

    def _advance_phase(
        self, state: State, phase: int, updates: Sequence[Update], first: int, last: int, signals: Accumulator
    ) -> None:
        for u, update in enumerate(updates):
            if (key := f"{phase}.{u}") not in state.optimizers:
                state.optimizers[key] = update.optimizer.init(state.players[update.player])
        for step, data, noises in self._inputs(phase, updates, first, last):
            at = torch.full_like(state.died[0], step)
            for u, update in enumerate(updates):
                for repeat in range(update.repeats):
                    x = self.task.unit(self.task.train[data[:, repeat]])
                    noise = {name: drawn[:, repeat] for name, drawn in noises[u].items()}
                    self._apply(state, at, phase, u, x, noise, signals)

    def _apply(
        self,
        state: State,
        step: Tensor,
        phase: int,
        u: int,
        x: Tensor,
        noise: Mapping[str, Tensor],
        signals: Accumulator,
    ) -> None:
        program, key = self._programs[phase, u], f"{phase}.{u}"
        given = Given(state.players, state.optimizers[key], state.buffers, state.died, step, x, noise)
        made = (self._compiled[phase, u] if self.compiled else program)(given)
        update = program.update
        state.players[update.player], state.optimizers[key] = made.player, made.optimizer
        state.buffers.update(made.buffers)
        state.died = made.died
        signals.add(update.player, program.names, made.signals, program.layout, update.optimizer.rate)

    def _inputs(
        self, phase: int, updates: Sequence[Update], first: int, last: int
    ) -> Iterator[tuple[int, Tensor, list[dict[str, Tensor]]]]:
        """Step, data indices (S, repeats, B) and the noise of each update (S, repeats, …)."""
        length = self._block_steps(updates)
        for block in range(first // length, (last - 1) // length + 1):
            data, drawn = self._block(phase, updates, block, length)
            for step in range(max(first, block * length), min(last, (block + 1) * length)):
                i = step - block * length
                yield step, data[:, i], [{n: t[:, i] for n, t in each.items()} for each in drawn]

    def _block(
        self, phase: int, updates: Sequence[Update], block: int, length: int
    ) -> tuple[Tensor, list[dict[str, Tensor]]]:
        """Indices and noise of a block of steps; the last one is kept, since a tick may end within it."""
        if (key := (phase, block)) not in self._last_block:
            noise = self.model.noise(self.task, self.batch)
            self._last_block.clear()
            self._last_block[key] = (
                self._indices(updates, block * length, length),
                [
                    streams.draw(noise, self.generators("noise", phase, u, block), (length, update.repeats))
                    for u, update in enumerate(updates)
                ],
            )
        return self._last_block[key]

    @cached_property
    def _last_block(self) -> dict[tuple[int, int], tuple[Tensor, list[dict[str, Tensor]]]]:
        return {}

    def _block_steps(self, updates: Sequence[Update]) -> int:
        # A function of model, task and batch alone: a seed's stream must not depend on its company.
        numbers = sum(n.numel for n in self.model.noise(self.task, self.batch).values())
        return max(1, min(MAX_BLOCK_STEPS, BLOCK_NUMBERS // (1 + numbers * sum(u.repeats for u in updates))))

    def _indices(self, updates: Sequence[Update], start: int, length: int) -> Tensor:
        repeats = max(update.repeats for update in updates)
        span = repeats * self.batch
        rows = [order.positions(start * span, (start + length) * span) for order in self._orders]
        return torch.stack(rows).view(len(self.seeds), length, repeats, self.batch)

    def _synchronise(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
