"""Where the scores of a metric are compared: as they are, by their logarithms, or by their log-odds."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from genbench.types import Scale

Floats = NDArray[np.float64]
_TINY = float(np.finfo(float).tiny)
_NEAR_ONE = float(np.finfo(float).epsneg)


def scale_of(declared: object, better: str | None, values: Floats) -> Scale:
    """The scale on which these scores are compared: the declared one where all of them lie in its domain.

    Logarithms take positive scores and log-odds those strictly between 0 and 1; else scores are compared as
    they are. Files of earlier versions declare none: then a score of which less is better is taken for a
    distance, hence ``log``, and any other as it is.

    Args:
        declared: of the metric; anything but a `Scale` counts as none.
        values: all of one task and metric, of any shape; those that are not finite do not count.
    """
    known = values[np.isfinite(values)]
    fallback: Scale = "log" if better == "lower" else "identity"
    scale: Scale = next((name for name in get_args(Scale) if name == declared), fallback)
    return scale if inside(scale, known) else "identity"


def inside(scale: Scale, values: Floats) -> bool:
    """Whether all values lie in the scale's domain; NaN lies in none but that of ``identity``."""
    if scale == "identity":
        return True
    return bool((values > 0).all() and (scale == "log" or bool((values < 1).all())))


def to_scale(values: Floats, scale: Scale) -> Floats:
    """The values on the scale: x, ln x, or ln x − ln(1 − x); same shape, NaN stays.

    What lies outside the domain, such as a distance of 0 early in training, is moved to its edge.
    """
    if scale == "identity":
        return values
    if scale == "log":
        return np.log(np.maximum(values, _TINY))
    cut = np.clip(values, _TINY, 1 - _NEAR_ONE)
    return np.log(cut) - np.log1p(-cut)


def error_on_scale(error: Floats, values: Floats, scale: Scale) -> Floats:
    """Standard errors of values as those of `to_scale` of them, by the delta method: error × |g′(value)|."""
    if scale == "identity":
        return error
    slope = 1 / np.maximum(values, _TINY)
    return np.asarray(error * (slope if scale == "log" else slope / np.maximum(1 - values, _NEAR_ONE)))
