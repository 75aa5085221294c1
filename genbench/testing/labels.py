"""Labels of the corpus: what became of a run, by rules on its true state.

The rules of the first round were fixed before its held-out part was scored, the later ones (`LATER`, and
`fit` in `convergence_failure`) before the second round was run.

A label is True, False, or None: in between, or not measurable on such a run. What is in between is left out
of the score and counted.
"""

from __future__ import annotations

import math
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
    rules = {**RULES, **LATER}
    found = {name: rule(values) if finite else None for name, rule in rules.items()}
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
    """The distance to the truth is half of what it was at the start, or three times the smallest.

    Measured along directions in which the data differ where a run has that (`fit`), so that images count; its
    unit is √2 times smaller than the radius of data in the plane.
    """
    name, unit = ("fit", math.sqrt(2)) if "fit" in truth else ("wasserstein", 1.0)
    end = _end(truth, name)
    if end is None:
        return None
    path = truth[name]
    never = end > 0.5 * path[0] and end > 0.2 * unit
    diverged = end > 3 * path.min() and end > 0.25 * unit
    if never or diverged:
        return True
    return False if end < 0.3 * path[0] or end < 0.12 * unit else None


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


def memorisation(truth: Truth) -> Label:
    """Samples lie twice as near to training examples as to fresh data, and as fresh data do."""
    copy, close = _end(truth, "copy"), _end(truth, "close")
    if copy is None or close is None:
        return None
    return _between(-max(copy, close), -0.8, -0.5)


def inactive_units(truth: Truth) -> Label:
    """At most half of the latent units that the data need carry a twentieth of a nat.

    Units that the data do not need are no failure.
    """
    carrying, needed = _end(truth, "carrying"), _end(truth, "needed")
    if carrying is None or not needed:
        return None
    return _between(-carrying / needed, -0.8, -0.5)


def dead_units(truth: Truth) -> Label:
    """In some layer no input of thousands wakes 95 of 100 units."""
    dead = _end(truth, "dead")
    return None if dead is None else _between(dead, 0.8, 0.95)


def checkerboard(truth: Truth) -> Label:
    """Power at period 2 is half as much again as at the frequencies beside it; in noise it is the same."""
    peak, share = _end(truth, "peak"), _end(truth, "peak_share")
    if peak is None or share is None:
        return None
    found = _between(peak, 1.2, 1.5)
    return None if found and share < 0.01 else found


def chain_not_mixing(truth: Truth) -> Label:
    """Chains from noise and from data differ after hundreds of sweeps, by a quarter standard deviation.

    Where the exact relaxation time contradicts that (ten times the detector's chains, or less than one such
    chain), nothing is said.
    """
    apart, tau = _end(truth, "apart"), _end(truth, "tau")
    if apart is None:
        return None
    found = _between(apart, 0.15, 0.25)
    exact = None if tau is None else _between(tau, 40, 400)
    return found if tau is None or found is exact else None


RULES: Mapping[str, Callable[[Truth], Label]] = {
    "mode_collapse": collapse,
    "convergence_failure": convergence_failure,
    "vanishing_gradient": vanishing,
    "discriminator_overpowering": overpowering,
    "oscillation": oscillation,
    "posterior_collapse": posterior_collapse,
}
LATER: Mapping[str, Callable[[Truth], Label]] = {
    "memorisation": memorisation,
    "inactive_units": inactive_units,
    "dead_units": dead_units,
    "checkerboard": checkerboard,
    "chain_not_mixing": chain_not_mixing,
}
"""Failures that no run of the first round can be labelled with."""


def _end(truth: Truth, name: str) -> float | None:
    return float(np.median(truth[name][-END:])) if name in truth else None


def _between(value: float, clear: float, bad: float) -> Label:
    """True from `bad` on, False up to `clear`, None between."""
    return True if value >= bad else False if value <= clear else None
