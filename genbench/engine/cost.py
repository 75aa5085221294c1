"""What a run costs beside time: memory and arithmetic."""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from genbench.engine.ensemble import Ensemble
from genbench.engine.program import products

Flops: TypeAlias = "list[tuple[int, int]]"
MOST_KNOWN = 256
_known: dict[Hashable, Flops] = {}


def reset_peak(device: torch.device) -> None:
    """Forget the highest memory use so far, where the system allows it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_bytes(device: torch.device) -> int:
    """Highest memory use since `reset_peak`: of the tensors on a GPU, else of the process with its libraries.

    Outside Linux the process's peak cannot be reset: there it is that of the whole process so far.
    """
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def known_flops(ensemble: Ensemble, key: Hashable) -> Flops:
    """`step_flops`, counted once a process for all ensembles of one `key`, which says all but the seeds."""
    if key not in _known:
        if len(_known) == MOST_KNOWN:
            del _known[next(iter(_known))]
        _known[key] = step_flops(ensemble)
    return _known[key]


def step_flops(ensemble: Ensemble) -> Flops:
    """First step of each phase, and the floating-point operations that one step of one seed takes in it.

    Matrix products and convolutions are counted, forward and backward, a multiplication and an addition each;
    what is done entry by entry is not. One seed is trained for a step a phase on its own, and thrown away.
    """
    one = ensemble.varied(seeds=ensemble.seeds[:1], backend="loop", sharing=None, compiled=False)
    counted: Flops = []
    with products(one.precision, one.device):  # a process's first products are tried out, which no step does
        state = one.initial()
    for start, end, _ in one.spans:
        if start < end:
            state.step = start
            with _Counter() as counter:
                one.advance(state, start + 1)
            counted.append((start, counter.flops))
    return counted


class _Counter(TorchDispatchMode):
    """Adds up torch's own formulas; torch's `FlopCounterMode` stumbles over gradients within gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if (formula := flop_registry.get(func._overloadpacket)) is not None:
            self.flops += formula(*args, **kwargs, out_val=out)
        return out
