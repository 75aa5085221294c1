"""Traces made by hand: fifty looks, of a seed that is healthy but for what a test changes."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from genbench.types import Trace

LOOKS = 50
STEPS = 20 * np.arange(1, LOOKS + 1)
Signal = float | np.ndarray

GAN: Mapping[str, Signal] = {
    "run/finite": 1.0,
    "critic/auc": 0.7,
    "critic/depth_ratio": 0.5,
    "critic/grad_norm": 1.0,
    "generator/depth_ratio": 0.3,
    "generator/grad_norm": 1.0,
    "generator/score_gradient": 0.9,
    "generator/update_ratio": 0.4,
    "generator/dead_units": 0.2,
    "sample/energy_distance": 0.8 * 0.8 ** np.arange(LOOKS),
    "sample/starved_mass": 0.0,
    "sample/in_reach": 0.9,
    "sample/missing_mass": 0.0,
    "sample/near": 0.6,
    "sample/top_bin": 0.1,
    "sample/copying": 0.5,
    "sample/copy_distance": 1.0,
    "sample/centroid_0": 0.0,
    "sample/centroid_1": 0.0,
    "sample/checkerboard": 1.0,
    "sample/grid_peak": 1.0,
}
LATER = ("sample/starved_mass", "sample/in_reach", "sample/copy_distance", "sample/grid_peak")
EARLIER: Mapping[str, Signal] = {name: value for name, value in GAN.items() if name not in LATER}
"""The signals of logs that lack those which newer rules read."""
VAE: Mapping[str, Signal] = {
    "vae/code_use": 4.0,
    "vae/inactive_share": 0.2,
    "vae/carrying_units": 8.0,
    "vae/units": 20.0,
    "data/components": 9.0,
    "vae/depth_ratio": 0.5,
}
EARLIER_VAE: Mapping[str, Signal] = {"vae/inactive_share": 0.2}
CHAIN: Mapping[str, Signal] = {"chain/start_dependence": 0.02}


def trace(*kinds: Mapping[str, Signal], seed: int = 0, looks: int = LOOKS, **changes: Signal) -> Trace:
    """The signals of some kinds, noisy, with changes; double underscores stand for slashes."""
    noise = np.random.default_rng(seed)
    signals = {name: value for kind in kinds for name, value in kind.items()}
    signals |= {name.replace("__", "/"): value for name, value in changes.items()}
    rows = []
    for name, value in signals.items():
        values = np.broadcast_to(value, LOOKS) * (
            1 if name == "run/finite" else 1 + 0.03 * noise.normal(size=LOOKS)
        )
        rows += [(seed, int(s), 0.0, int(s), name, float(v)) for s, v in zip(STEPS, values, strict=True)][
            :looks
        ]
    return Trace(pd.DataFrame(rows, columns=["seed", "step", "seconds", "samples", "signal", "value"]))


def since(look: int, bad: Signal | Callable[[int], np.ndarray], good: float) -> np.ndarray:
    """Good before a look, bad from it on."""
    late = bad(LOOKS) if callable(bad) else np.broadcast_to(bad, LOOKS)
    return np.where(np.arange(LOOKS) < look, good, late)
