"""A program compiled as a whole: one graph of forward, backward and optimiser, fused by torch's inductor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor
from torch.fx import GraphModule

from genbench.engine.program import StepInputs, StepOutputs
from genbench.engine.thin_matmul import write_out
from genbench.models.model import Batch

Flat = Callable[..., list[Tensor]]

_TRACING = threading.Lock()
"""Threads wait here for the first of them to compile; tracing walks through nets that they share."""


class Compiled:
    """Traces and compiles a program at its first call, and again if shapes or strides change.

    Compiling takes tens of seconds on a CPU, less where inductor's cache on disk knows the graph. The result
    equals the program's up to rounding, and is the same at every call.
    """

    def __init__(self, program: Callable[[StepInputs], StepOutputs]) -> None:
        self.program = program
        self._functions: dict[tuple[Any, ...], Flat] = {}
        self._form: Any = None

    def __call__(self, inputs: StepInputs) -> StepOutputs:
        leaves = _leaves(inputs)
        key = tuple((t.shape, t.stride()) for t in leaves)
        if key not in self._functions:
            with _TRACING:
                if key not in self._functions:
                    self._functions[key] = self._compile(inputs, leaves)
        return _outputs(self._form, self._run(self._functions[key], leaves))

    def _run(self, function: Flat, inputs: list[Tensor]) -> list[Tensor]:
        with torch.no_grad():
            if not replays(inputs[0].device):
                return function(*inputs)
            # A replay writes where the last one did, and the next step still reads from there.
            torch.compiler.cudagraph_mark_step_begin()
            return [made.clone() for made in function(*inputs)]

    def _compile(self, like: StepInputs, leaves: list[Tensor]) -> Flat:
        def flat(*values: Tensor) -> list[Tensor]:
            outputs = self.program(_inputs(like, values))
            self._form = _form(outputs)
            return _output_leaves(outputs)

        return _compiled(flat, leaves)


@cache
def compiles() -> bool:
    """Whether this machine can compile, which needs a C++ compiler and Python's headers: tried once."""
    try:
        _compiled(lambda x: [x + 1], [torch.zeros(2)])
    except Exception:  # whatever its compiler, linker or file system makes of it
        return False
    return True


def _compiled(flat: Flat, inputs: list[Tensor]) -> Flat:
    from torch._inductor.compile_fx import compile_fx
    from torch.fx.experimental.proxy_tensor import make_fx

    # Tracing through vmap and grad leaves a graph of plain operators, which needs no guards when it runs.
    with torch.enable_grad():
        graph = make_fx(flat, tracing_mode="real")(*inputs)
        compiled = compile_fx(graph, inputs, config_patches=_prepared(graph, inputs[0].device))
    return cast(Flat, compiled)


def _prepared(graph: GraphModule, device: torch.device) -> dict[str, bool]:
    """Make a traced graph ready for its device; gives the options to compile it with."""
    if device.type == "cpu":
        write_out(graph)
    # Tracing leaves a stand-in for each input, of modes that the C++ wrapper does not take together.
    for node in graph.graph.find_nodes(op="placeholder"):
        node.meta.clear()
    # A C++ wrapper lets go of Python's lock, so that groups of seeds run side by side on threads.
    return {"cpp_wrapper": device.type == "cpu", "triton.cudagraphs": replays(device)}


def replays(device: torch.device) -> bool:
    """Whether compiled updates are recorded as CUDA graphs: a small step on a GPU is all launches."""
    return device.type == "cuda"


def _leaves(inputs: StepInputs) -> list[Tensor]:
    """All tensors in a fixed order; torch's pytrees would take longer than a small net's step."""
    batch = inputs.batch
    maps = (inputs.players, *inputs.optimizers.values(), inputs.buffers, batch.noise)
    shared = (inputs.died, inputs.step, batch.x, batch.c, batch.progress)
    return [*shared, *(t for own in maps for t in own.values())]


def _inputs(like: StepInputs, leaves: Sequence[Tensor]) -> StepInputs:
    """The inverse of `_leaves`, in the form of `like`."""
    died, step, x, c, progress, *rest = leaves
    values = iter(rest)

    def taken(names: Iterable[str]) -> dict[str, Tensor]:
        return {name: next(values) for name in names}

    players = taken(like.players)
    optimizers = {player: taken(state) for player, state in like.optimizers.items()}
    buffers, noise = taken(like.buffers), taken(like.batch.noise)
    batch = Batch(x, c, noise, progress)
    return StepInputs(players, optimizers, buffers, died, step, batch, like.module_seeds)


_Form = tuple[tuple[str, ...], dict[str, tuple[str, ...]], tuple[str, ...]]
"""Names of the players, of what each optimiser remembers, and of the buffers that an update leaves."""


def _form(outputs: StepOutputs) -> _Form:
    states = {player: tuple(state) for player, state in outputs.optimizers.items()}
    return tuple(outputs.players), states, tuple(outputs.buffers)


def _output_leaves(outputs: StepOutputs) -> list[Tensor]:
    maps = (outputs.players, *outputs.optimizers.values(), outputs.buffers)
    return [outputs.died, outputs.signals, *(t for m in maps for t in m.values())]


def _outputs(form: _Form, leaves: Sequence[Tensor]) -> StepOutputs:
    """The inverse of `_output_leaves`."""
    died, signals, *rest = leaves
    values, (players, states, buffers) = iter(rest), form

    def taken(names: Iterable[str]) -> dict[str, Tensor]:
        return {name: next(values) for name in names}

    moved = taken(players)
    optimizers = {player: taken(names) for player, names in states.items()}
    return StepOutputs(moved, optimizers, taken(buffers), died, signals)
