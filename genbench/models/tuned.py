"""Options that the pilot search chose, by method and kind of data; see docs/defaults.md, which says how.

They are not to be changed by hand: a search that is done anew changes them (`genbench.report.pilots`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SMALL: dict[str, Any] = {"latent": 32, "width": 256, "rate": 1e-3}
_CONV: dict[str, Any] = {"architecture": "conv", "width": 32}
_POLISH: dict[str, Any] = {"average": 0.995, "final_rate": 0.05}
_POINTS: dict[str, Any] = {"latent": 2, **_POLISH}
_NOISE: dict[str, Any] = {"learned_noise": True, "cd_steps": 5, "sampling_sweeps": 300}

TUNED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "gan": {
        "points": {**_POINTS, "rate": 3e-3},
        "small images": _SMALL,
        "images": {**_CONV, **_POLISH, "rate": 5e-4},
    },
    "gan-saturating": {
        "points": {**_POINTS, "rate": 3e-3},
        "small images": {**_SMALL, "depth": 1},
        "images": {**_CONV, "rate": 5e-4},
    },
    "lsgan": {
        "points": {**_POINTS, "rate": 1e-3},
        "small images": _SMALL,
        "images": {**_CONV, "rate": 5e-4},
    },
    "hinge-gan": {
        "points": {**_POINTS, "rate": 3e-3},
        "small images": _SMALL,
        "images": {**_CONV, "rate": 5e-4},
    },
    "wgan": {
        "points": {**_POINTS, "rate": 1.5e-3, "clip": 0.05},
        "small images": {**_SMALL, "depth": 1, "clip": 0.05},
        "images": {**_CONV, "rate": 1e-3, "clip": 0.02},
    },
    "wgan-gp": {
        "points": {**_POINTS, "rate": 3e-3, "beta1": 0.5, "penalty": 0.1, "depth": 3},
        "small images": {**_SMALL, "beta1": 0.5},
        "images": {**_CONV, "rate": 1e-3, "beta1": 0.5},
    },
    "dcgan": {
        "small images": {"latent": 32, "width": 32, "rate": 1e-3},
        "images": {**_POLISH, "width": 32, "rate": 5e-4},
    },
    "vae": {
        "points": {"latent": 2, "width": 128, "depth": 3, "rate": 2e-3, "stages": 4, "warm_up": 0.2},
        "small images": {"latent": 16, "width": 256, "rate": 2e-3, "decoder": "bernoulli"},
        "images": {"rate": 2e-3},
    },
    "dbn": {
        "points": {**_NOISE, "hidden": (64, 64), "visible_noise": 0.01, "gaussian_rate": 3e-5},
        "small images": {"rate": 0.1, "momentum": 0.9, "sampling_sweeps": 200},
        "images": {"hidden": (500, 500), "rate": 0.02},
    },
    "rbm": {
        "points": {**_NOISE, "hidden": 64, "visible_noise": 0.001, "gaussian_rate": 2e-5},
        "small images": {"momentum": 0.9},
        "images": {"hidden": 500, "persistent": True, "rate": 0.02},
    },
}
"""Method → kind of data → options that differ from the signature's."""
