"""Vanishing gradients: what the generator is told no longer reaches its weights."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Floats, Series, Signals
from genbench.registry import detectors

FLOOR = 1e-12


def shrunk(values: Floats) -> Floats:
    """Orders of magnitude below one."""
    return -np.log10(np.maximum(values, FLOOR))


def linear(signals: Signals) -> bool:
    """Whether the generator's loss is linear in the scores, as in Wasserstein and hinge games."""
    slope = signals.get("generator/score_gradient")
    return slope is not None and bool(np.all(np.abs(slope.values - 1) < 1e-4))


def score_slope(signals: Signals) -> Series | None:
    """The slope of the generator's loss in the scores, against its value at equilibrium."""
    slope = signals.get("generator/score_gradient")
    return None if slope is None or linear(signals) else slope.map(shrunk)


def depth(signals: Signals) -> Series | None:
    """Gradient of the first layer against that of the last, of the net where it is least."""
    profiles = list(signals.ending("depth_ratio").values())
    if not profiles:
        return None
    longest = max(profiles, key=len).steps
    return Series(longest, shrunk(np.min([profile.at(longest) for profile in profiles], axis=0)))


def step_size(signals: Signals) -> Series | None:
    """The generator's update against its learning rate, for optimisers that normalise the gradient."""
    ratio, gradient = signals.get("generator/update_ratio"), signals.get("generator/grad_norm")
    if ratio is None or gradient is None or _plain_descent(ratio, gradient):
        return None
    return ratio.map(shrunk)


def _plain_descent(update: Series, gradient: Series) -> bool:
    """Updates in constant proportion to gradients: small ones mean nothing then."""
    sizes = gradient.at(update.steps)
    varied = sizes.std() > 0.2 * sizes.mean()
    proportion = update.values / np.maximum(sizes, FLOOR)
    return bool(varied and proportion.std() <= 1e-2 * abs(proportion.mean()))


@detectors.register("vanishing_gradient", cite="arjovsky2017wgan")
def vanishing_gradient() -> Detector:
    """The generator's slope is lost in the critic's certainty, or on the way through the layers.

    A small gradient alone is no fault where the optimiser normalises it, so none of the rules looks at its
    size: they compare it with its equilibrium, with the last layer's, and the update with the learning rate.
    Orders of magnitude are counted.
    """
    return Detector(
        "vanishing_gradient",
        [
            Rule("vanishing_gradient/score_slope", score_slope, "orders of magnitude below equilibrium:"),
            Rule("vanishing_gradient/depth", depth, "orders of magnitude lost from last to first layer:"),
            Rule("vanishing_gradient/step_size", step_size, "orders of magnitude below the step size:"),
        ],
        "generator/score_gradient, */depth_ratio or generator/update_ratio",
        "the non-saturating loss (Goodfellow et al. 2014), WGAN-GP (Gulrajani et al. 2017), instance noise "
        "(Arjovsky & Bottou 2017); normalisation or residual layers in deep nets (He et al. 2016)",
        order=2,
        level="symptom",
    )
