"""At which steps a run is looked at."""

from __future__ import annotations

import math

import numpy as np

TICKS = 100
"""Signals are read about this often in a run."""
PROBE_STEPS = 40
"""Steps between two looks at samples, at least."""
CHAIN_LOOKS = 20
"""Looks, about, at samples that take many steps to make, as those of Markov chains do."""
LOOK_SHARE = 0.1
"""Share of training that a look at samples may cost, counted in passes through the nets."""
PASSES_A_STEP = 3
"""Passes forward that a training step is worth: forward and backward."""


def ticks(steps: int) -> list[int]:
    """Steps at which signals are read: at most `TICKS` of them, evenly spread, the last step included."""
    count = min(TICKS, steps)
    return [round(steps * (i + 1) / count) for i in range(count)]


def evaluations(steps: int, count: int) -> list[int]:
    """Log-spaced ticks at which samples are scored, from about a fiftieth of the run to its end."""
    at = ticks(steps)
    wanted = np.geomspace(max(1, steps / 50), steps, count) if count > 1 else [steps]
    return sorted({min(at, key=lambda tick: abs(tick - step)) for step in wanted} | {steps})


def stops(steps: int) -> set[int]:
    """Ticks at which hopeless seeds may be stopped: ten of them, none in the first half of the run."""
    return set(ticks(steps)[49::5])


def probes(steps: int, chains: bool, passes: float = 0.0) -> set[int]:
    """The ticks at which samples are looked at: so far apart that it costs about a twentieth of training.

    Args:
        chains: whether samples take many steps to make.
        passes: passes through the nets that a look takes, in batches of training; 0 for few.
    """
    at = ticks(steps)
    dear = math.ceil(passes / PASSES_A_STEP / LOOK_SHARE)
    apart = max(PROBE_STEPS, dear, steps // CHAIN_LOOKS if chains else 0)
    every = -(-apart * len(at) // steps)
    return set(at[every - 1 :: every]) | {steps}
