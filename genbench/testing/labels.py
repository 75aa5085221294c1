"""Labels of the corpus: what became of a run, by rules on its true state.

The rules were fixed before the held-out part was scored.

A label is True, False, or None: in between, or not measurable on such a run. What is in between is left out
of the score and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.testing.faults import Condition

END = 3
"""The state at the end is the median of this many looks, so that a jump does not decide."""

Label = bool | None
Truth = Mapping[str, NDArray[np.float64]]
"""Quantity → its values at all looks, in order."""


def labels(condition: Condition, truth: pd.DataFrame, finite: bool) -> dict[str, Label]:
    """Failure → label, of one seed.

    Args:
        truth: step, quantity, value.
        finite: whether the seed's losses and gradients stayed finite.
    """
    ordered = truth.sort_values("step")
    values = {str(name): group["value"].to_numpy() for name, group in ordered.groupby("quantity")}
    found = {name: rule(values) if finite else None for name, rule in RULES.items()}
    found["exploding_gradient"] = True if not finite else exploding(values)
    if condition.options.get("loss") in ("wasserstein", "hinge"):
        found["discriminator_overpowering"] = None
    return found


def healthy(found: Mapping[str, Label]) -> bool:
    """Whether a run is known to be free of every failure that can be measured on it."""
    decided = [found[name] for name in ("mode_collapse", "convergence_failure")]
    return not any(found.values()) and all(label is False for label in decided)


def collapse(truth: Truth) -> Label:
    """A quarter of the true mass gets no samples, though a quarter of the samples lie at modes."""
    lost, near = _end(truth, "lost"), _end(truth, "near")
    if lost is None or near is None:
        return None
    if near < 0.05:
        return False
    return _between(lost, clear=0.1, bad=0.25) if near >= 0.25 or lost <= 0.1 else None


def convergence_failure(truth: Truth) -> Label:
    """The distance to the truth is half of what it was at the start, or three times the smallest."""
    end = _end(truth, "wasserstein")
    if end is None:
        return None
    path = truth["wasserstein"]
    never = end > 0.5 * path[0] and end > 0.2
    diverged = end > 3 * path.min() and end > 0.25
    if never or diverged:
        return True
    return False if end < 0.3 * path[0] or end < 0.12 else None


def vanishing(truth: Truth) -> Label:
    """Little of the critic's slope reaches the generator, or of a gradient the first layer; or nothing."""
    ends = [_end(truth, name) for name in ("pull", "depth", "gradient")]
    limits = [(0.15, 0.05), (1e-2, 1e-3), (1e-6, 1e-7)]
    if any(end is None for end in ends):
        return None
    found = [_between(-(end or 0.0), -clear, -bad) for end, (clear, bad) in zip(ends, limits, strict=True)]
    return True if True in found else None if None in found else False


def exploding(truth: Truth) -> Label:
    """The generator's gradient, replayed, has grown a thousandfold."""
    if "gradient" not in truth:
        return None
    path = truth["gradient"]
    return _between(float(np.median(path[-END:]) / max(np.median(path[:END]), 1e-300)), 100, 1000)


def overpowering(truth: Truth) -> Label:
    """The critic tells fresh truth from samples, and the samples have not come nearer since."""
    if "auc" not in truth or len(truth["auc"]) < 6:
        return None
    auc, distance = float(np.median(truth["auc"][-5:])), truth["wasserstein"]
    gained = distance[-1] < 0.9 * distance[-5]
    return False if gained else _between(auc, 0.93, 0.97)


def oscillation(truth: Truth) -> Label:
    """The mean of the samples moves by a fifth of the data's radius from look to look."""
    centers = [truth[name] for name in sorted(truth) if name.startswith("center_")]
    if not centers or len(centers[0]) < 8:
        return None
    moved = np.linalg.norm(np.diff(np.stack(centers), axis=1), axis=0)
    return _between(float(np.median(moved[len(moved) // 2 :])), 0.1, 0.2)


def posterior_collapse(truth: Truth) -> Label:
    """Codes explain nothing of fresh data."""
    explained = _end(truth, "explained")
    return None if explained is None else _between(-explained, -0.2, -0.05)


RULES: Mapping[str, Callable[[Truth], Label]] = {
    "mode_collapse": collapse,
    "convergence_failure": convergence_failure,
    "vanishing_gradient": vanishing,
    "discriminator_overpowering": overpowering,
    "oscillation": oscillation,
    "posterior_collapse": posterior_collapse,
}


def _end(truth: Truth, name: str) -> float | None:
    return float(np.median(truth[name][-END:])) if name in truth else None


def _between(value: float, clear: float, bad: float) -> Label:
    """True from `bad` on, False up to `clear`, None between."""
    return True if value >= bad else False if value <= clear else None
