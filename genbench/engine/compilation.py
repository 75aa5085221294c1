"""A program compiled as a whole: one graph of forward, backward and optimiser, fused by torch's inductor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor
from torch.fx import GraphModule

from genbench.engine.program import Given, Made
from genbench.engine.thin_matmul import write_out

Flat = Callable[..., list[Tensor]]

_TRACING = threading.Lock()
"""Threads wait here for the first of them to compile; tracing walks through nets that they share."""


class Compiled:
    """Traces and compiles a program at its first call, and again if shapes or strides change.

    Compiling takes tens of seconds on a CPU, less where inductor's cache on disk knows the graph. The result
    equals the program's up to rounding, and is the same at every call.
    """

    def __init__(self, program: Callable[[Given], Made]) -> None:
        self.program = program
        self._functions: dict[tuple[Any, ...], Flat] = {}
        self._names: tuple[tuple[str, ...], tuple[str, ...]] = (), ()

    def __call__(self, given: Given) -> Made:
        inputs = _leaves(given)
        key = tuple((t.shape, t.stride()) for t in inputs)
        if key not in self._functions:
            with _TRACING:
                if key not in self._functions:
                    self._functions[key] = self._compile(given, inputs)
        player, died, signals, *rest = self._run(self._functions[key], inputs)
        optimizer, buffers = self._names
        own, kept = rest[: len(optimizer)], rest[len(optimizer) :]
        return Made(
            player,
            dict(zip(optimizer, own, strict=True)),
            dict(zip(buffers, kept, strict=True)),
            died,
            signals,
        )

    def _run(self, function: Flat, inputs: list[Tensor]) -> list[Tensor]:
        with torch.no_grad():
            if not replays(inputs[0].device):
                return function(*inputs)
            # A replay writes where the last one did, and the next step still reads from there.
            torch.compiler.cudagraph_mark_step_begin()
            return [made.clone() for made in function(*inputs)]

    def _compile(self, given: Given, inputs: list[Tensor]) -> Flat:
        def flat(*leaves: Tensor) -> list[Tensor]:
            made = self.program(_given(given, list(leaves)))
            self._names = tuple(made.optimizer), tuple(made.buffers)
            kept = [*made.optimizer.values(), *made.buffers.values()]
            return [made.player, made.died, made.signals, *kept]

        return _compiled(flat, inputs)


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


def _leaves(given: Given) -> list[Tensor]:
    """All tensors in a fixed order; torch's pytrees would take longer than a small net's step."""
    maps = (given.players, given.optimizer, given.buffers, given.noise)
    return [given.died, given.step, given.x, *(t for own in maps for t in own.values())]


def _given(like: Given, leaves: list[Tensor]) -> Given:
    died, step, x, *rest = leaves
    values = iter(rest)
    maps = (like.players, like.optimizer, like.buffers, like.noise)
    players, optimizer, buffers, noise = (dict(zip(own, values, strict=False)) for own in maps)
    return Given(players, optimizer, buffers, died, step, x, noise)
