"""Many seeds of one model on one task: their state, and how a stretch of training advances it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import repeat

import torch
from torch import Tensor

from genbench.engine import seed_groups as groups
from genbench.engine import streams
from genbench.engine.compilation import Compiled
from genbench.engine.feed import Feed
from genbench.engine.gradients import Backend, Gradient, Sharing, gradient
from genbench.engine.malloc import keep_freed
from genbench.engine.nets import Layout, Net, bind, flatten
from genbench.engine.program import Given, Program, products
from genbench.engine.signals import Accumulator
from genbench.models.model import Model, Update
from genbench.ops.optim import State as OptimizerState
from genbench.tasks.task import Task
from genbench.types import Precision


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

    def rows(self, rows: slice) -> State:
        """The state of some seeds."""
        return replace(
            self,
            players=_cut(self.players, rows),
            buffers=_cut(self.buffers, rows),
            died=self.died[rows],
            optimizers={u: _cut(own, rows) for u, own in self.optimizers.items()},
        )

    def join(self, parts: Sequence[State]) -> None:
        """Become the state of all seeds, from the states of groups of them in order."""
        self.players = _joined([part.players for part in parts])
        self.buffers = _joined([part.buffers for part in parts])
        self.died = torch.cat([part.died for part in parts])
        self.optimizers = {u: _joined([part.optimizers[u] for part in parts]) for u in parts[0].optimizers}


@dataclass(frozen=True)
class Ensemble:
    """What stays the same while the state advances.

    Attributes:
        steps: the whole budget; phases divide it by their shares.
        together: seeds that are trained at once, where memory is short; None leaves it to their size.
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
        keep_freed()
        started = time.perf_counter()
        with products(self.precision, self.device):
            signals = self._train(state, stop)
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
    def _groups(self) -> list[tuple[slice, Feed]]:
        """Seeds that are trained at once, and what feeds them."""
        size = self.together or len(self.seeds)
        if self._cached:
            alone = -(-len(self.seeds) // torch.get_num_threads())
            size = min(size, alone, groups.cached_seeds(self.layouts, self.batch))
        cuts = groups.cut(len(self.seeds), size)
        return [(rows, Feed(self.model, self.task, self.seeds[rows], self.batch)) for rows in cuts]

    @property
    def _cached(self) -> bool:
        """Whether seeds are cut into groups that fit a processor's caches, and its cores."""
        return self.compiled and self.device.type == "cpu"

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
        return gradient(update, self.layouts, self.backend, self.sharing)

    def _seed_nets(self, seed: int) -> Mapping[str, torch.nn.Module]:
        # Modules initialise themselves from the global generator: lend it to this seed, on the CPU, where
        # the numbers are the same whatever device trains.
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.set_state(
                streams.generator(torch.device("cpu"), seed, "initialisation").get_state()
            )
            return self.model.nets(self.task)

    def _train(self, state: State, stop: int) -> Accumulator:
        if len(self._groups) == 1:
            return self._train_group(state, self._groups[0][1], stop)
        parts = [state.rows(rows) for rows, _ in self._groups]
        # Only compiled programs run on threads: a net that Python walks through is filled seed by seed.
        threads = min(torch.get_num_threads(), len(parts)) if self._cached else 1
        with groups.side_by_side(threads) as each:
            signals = list(each(self._train_group, parts, [feed for _, feed in self._groups], repeat(stop)))
        state.join(parts)
        return Accumulator.joined(signals)

    def _train_group(self, state: State, feed: Feed, stop: int) -> Accumulator:
        signals = Accumulator()
        for phase, (start, end, updates) in enumerate(self.spans):
            first, last = max(start, state.step), min(end, stop)
            if first < last:
                self._train_phase(state, feed, phase, updates, first, last, signals)
        return signals

    def _train_phase(
        self,
        state: State,
        feed: Feed,
        phase: int,
        updates: Sequence[Update],
        first: int,
        last: int,
        signals: Accumulator,
    ) -> None:
        for u, update in enumerate(updates):
            if (key := f"{phase}.{u}") not in state.optimizers:
                state.optimizers[key] = update.optimizer.init(state.players[update.player])
        for step, data, noises in feed.steps(phase, updates, first, last):
            at = torch.full_like(state.died[0], step)
            for u, update in enumerate(updates):
                for again in range(update.repeats):
                    x = self.task.to_float(self.task.train[data[:, again]])
                    noise = {name: drawn[:, again] for name, drawn in noises[u].items()}
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

    def _synchronise(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _cut(tensors: Mapping[str, Tensor], rows: slice) -> dict[str, Tensor]:
    """Some seeds of each tensor; what has no axis is kept for all seeds."""
    return {name: t[rows] if t.dim() else t for name, t in tensors.items()}


def _joined(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.cat([p[name] for p in parts]) if t.dim() else t for name, t in parts[0].items()}
