"""Many seeds of one model on one task: where they start, and how a stretch of training advances them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat
from typing import Any

import torch
from torch import Tensor, nn

from genbench.engine import seed_groups, streams
from genbench.engine.batchability import why_not_batched
from genbench.engine.batches import Batches, Step
from genbench.engine.chance import refuse_foreign_chance
from genbench.engine.compilation import Compiled
from genbench.engine.gradients import Backend, ModuleSeeds, Sharing, assignment, gradient
from genbench.engine.malloc import keep_freed
from genbench.engine.module_state import on_device, tensors
from genbench.engine.nets import Layout, Net, bind, flatten, training
from genbench.engine.program import AssignProgram, StepInputs, UpdateProgram, products
from genbench.engine.rehearsal import Traits, rehearse
from genbench.engine.signals import Accumulator
from genbench.engine.spans import Span, spans
from genbench.engine.state import State
from genbench.models.model import Assign, Batch, Model, Update
from genbench.tasks.task import Task
from genbench.types import InputError, Precision


@dataclass(frozen=True)
class Ensemble:
    """What stays the same while the state advances.

    Attributes:
        steps: the whole budget; phases divide it by their shares.
        together: seeds that are trained at once, where memory is short; None leaves it to their size.
        sharing: how gradients come from several processes; None for this one alone.
        compiled: whether an update is one compiled program; for the batched backend, in one process.
        why_loop: why one program cannot serve all seeds, as a phrase, where that made the backend a loop.
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
    why_loop: str | None = None

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        state = self.traits.state
        return {name: Layout(net, state[name]) for name, net in self._first_seeds[0].items()}

    @cached_property
    def traits(self) -> Traits:
        """What the model's modules do beside computing, found out by a rehearsal."""
        with refuse_foreign_chance():
            again = self._seed_nets(0)
        return rehearse(self.model, self.task, self.batch, *self._first_seeds, again)

    @cached_property
    def unbatchable(self) -> str | None:
        """Why one program cannot serve all seeds, as a phrase; None if it can."""
        if self.traits.random:
            return "its modules draw random numbers of their own, as dropout does"
        one = self._started([self._first_seeds[0]], [streams.generator(self.device, "rehearsal")])
        return why_not_batched(self.model, self.task, self.batch, self.layouts, *one, self.traits.caching)

    def feasible(self) -> Ensemble:
        """This ensemble; with a loop over seeds where one program cannot serve them all."""
        if self.backend == "loop" or self.unbatchable is None:
            return self
        return self.varied(backend="loop", compiled=False, why_loop=self.unbatchable)

    def varied(self, **changes: Any) -> Ensemble:
        """The same with some attributes changed; what a rehearsal has shown is not tried again for it.

        Args:
            changes: of anything but model, task and batch, which a rehearsal depends on.
        """
        other = replace(self, **changes)
        shown = ("_first_seeds", "traits")
        vars(other).update({name: known for name, known in vars(self).items() if name in shown})
        return other

    @property
    def device(self) -> torch.device:
        return self.task.device

    @cached_property
    def spans(self) -> list[Span]:
        """The phases with the steps that they take."""
        return spans(self.model.phases(self.task), self.steps)

    def initial(self) -> State:
        """State before the first step."""
        modules = [self._seed_nets(seed) for seed in self.seeds]
        players, buffers = self._started(modules, self.generators("buffers"))
        died = torch.full((len(self.seeds),), -1, device=self.device)
        return State(0, 0.0, players, buffers, died)

    def advance(self, state: State, stop: int) -> Accumulator:
        """Train from `state.step` up to `stop`, in place; gives the signals of the stretch."""
        keep_freed()
        started = time.perf_counter()
        with products(self.precision, self.device), training(self.layouts):
            signals = self._train(state, stop)
        self._synchronise()
        state.step = stop
        state.seconds += time.perf_counter() - started
        return signals

    def examples(self, step: int) -> int:
        """Training examples a seed has consumed before `step`, critic steps included."""
        return sum(
            max(u.repeats * self._size(u) for u in span.updates) * (min(span.end, step) - span.start)
            for span in self.spans
            if span.start < step
        )

    def _size(self, update: Update | Assign) -> int:
        return len(self.task.train) if update.whole else self.batch

    def nets(self, state: State, row: int) -> dict[str, Net]:
        """The nets of the seed in that row of the state."""
        return bind(
            self.layouts,
            {name: flat[row].clone() for name, flat in state.players.items()},
            {name: buffer[row] for name, buffer in state.buffers.items()},
        )

    def generators(self, *purpose: object) -> list[torch.Generator]:
        """One generator a seed for `purpose`."""
        return [streams.generator(self.device, seed, *purpose) for seed in self.seeds]

    @cached_property
    def _groups(self) -> list[tuple[slice, Batches]]:
        """Seeds that are trained at once, and what feeds them."""
        size = self.together or len(self.seeds)
        if self._cached:
            alone = -(-len(self.seeds) // torch.get_num_threads())
            size = min(size, alone, seed_groups.cached_seeds(self.layouts, self.batch))
        cuts = seed_groups.cut(len(self.seeds), size)
        return [(rows, Batches(self.task, self.seeds[rows], self.batch)) for rows in cuts]

    @property
    def _cached(self) -> bool:
        """Whether seeds are cut into groups that fit a processor's caches, and its cores."""
        return self.compiled and self.device.type == "cpu"

    @cached_property
    def _programs(self) -> dict[tuple[int, int], UpdateProgram | AssignProgram]:
        if self.backend == "batched" and self.unbatchable:
            raise InputError(
                f"its seeds cannot be trained by one program: {self.unbatchable}; use --backend loop"
            )
        return {
            (p, u): self._program(update)
            for p, span in enumerate(self.spans)
            for u, update in enumerate(span.updates)
        }

    def _program(self, update: Update | Assign) -> UpdateProgram | AssignProgram:
        if isinstance(update, Assign):
            return AssignProgram(update, assignment(update, self.layouts, self.backend))
        found = gradient(update, self.layouts, self.backend, self.sharing)
        return UpdateProgram(update, self.layouts, found, self.precision)

    @cached_property
    def _compiled(self) -> dict[tuple[int, int], Compiled]:
        return {place: Compiled(program) for place, program in self._programs.items()}

    @cached_property
    def _first_seeds(self) -> tuple[Mapping[str, nn.Module], Mapping[str, nn.Module]]:
        """The modules of seeds 0 and 1, which tell what all seeds share."""
        with refuse_foreign_chance():
            return self._seed_nets(0), self._seed_nets(1)

    def _started(
        self, modules: Sequence[Mapping[str, nn.Module]], sources: Sequence[torch.Generator]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Flat parameters and buffers of the seeds that these modules are of."""
        players = {n: torch.stack([flatten(nets[n]) for nets in modules]) for n in self.layouts}
        kept = {
            f"{name}.{path}": torch.stack([tensors(nets[name])[path].detach() for nets in modules])
            for name, layout in self.layouts.items()
            for path in layout.state
        }
        starts = streams.starts(self.model.buffers(self.task, self.batch), players, sources)
        return players, {**kept, **starts}

    def _seed_nets(self, seed: int) -> Mapping[str, nn.Module]:
        # Modules initialise themselves from the global generator: lend it to this seed, on the CPU, where
        # the numbers are the same whatever device trains.
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.set_state(
                streams.generator(torch.device("cpu"), seed, "initialisation").get_state()
            )
            nets = self.model.nets(self.task)
        return {name: on_device(net, self.device) for name, net in nets.items()}

    def _train(self, state: State, stop: int) -> Accumulator:
        if len(self._groups) == 1:
            return self._train_group(state, self._groups[0][1], stop)
        parts = [state.rows(rows) for rows, _ in self._groups]
        # Only compiled programs run on threads: a net that Python walks through is filled seed by seed.
        threads = min(torch.get_num_threads(), len(parts)) if self._cached else 1
        with seed_groups.side_by_side(threads) as each:
            signals = list(each(self._train_group, parts, [feed for _, feed in self._groups], repeat(stop)))
        state.join(parts)
        return Accumulator.joined(signals)

    def _train_group(self, state: State, batches: Batches, stop: int) -> Accumulator:
        signals = Accumulator()
        for number, span in enumerate(self.spans):
            first, last = max(span.start, state.step), min(span.end, stop)
            if first < last:
                self._begin_phase(state, number, span)
                for step in batches.steps(number, span, first, last):
                    self._train_step(state, number, span, step, batches.seeds, signals)
        return signals

    def _begin_phase(self, state: State, number: int, span: Span) -> None:
        """Optimisers that have not begun remember nothing yet."""
        for update in span.updates:
            for player, optimizer in update.optimizers.items() if isinstance(update, Update) else ():
                key = f"{number}.{player}"
                if key not in state.optimizers:
                    state.optimizers[key] = optimizer.init(state.players[player])

    def _train_step(
        self, state: State, number: int, span: Span, step: Step, seeds: Sequence[int], signals: Accumulator
    ) -> None:
        at = torch.full_like(state.died[0], step.number)
        for u, update in enumerate(span.updates):
            for again in range(update.repeats):
                key = number, u, step.number, again
                module_seeds = tuple(
                    streams.module_seed(seed, *key) if self.traits.random else None for seed in seeds
                )
                self._apply(state, at, number, u, step.batch(u, update, again), module_seeds, signals)

    def _apply(
        self,
        state: State,
        step: Tensor,
        number: int,
        u: int,
        batch: Batch,
        module_seeds: ModuleSeeds,
        signals: Accumulator,
    ) -> None:
        program, update = self._programs[number, u], self.spans[number].updates[u]
        optimizers = update.optimizers if isinstance(update, Update) else {}
        states = {player: state.optimizers[f"{number}.{player}"] for player in optimizers}
        inputs = StepInputs(state.players, states, state.buffers, state.died, step, batch, module_seeds)
        outputs = (self._compiled[number, u] if self.compiled else program)(inputs)
        state.players.update(outputs.players)
        state.optimizers.update({f"{number}.{p}": own for p, own in outputs.optimizers.items()})
        state.buffers.update(outputs.buffers)
        state.died = outputs.died
        signals.add(program.names, outputs.signals, self.layouts, optimizers)

    def _synchronise(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
