"""Detectors: a trace goes in, a verdict comes out; importing this room registers them."""

from genbench.detectors import (
    chain_not_mixing,
    checkerboard,
    convergence_failure,
    dead_units,
    discriminator_overpowering,
    exploding_gradient,
    inactive_units,
    memorisation,
    mode_collapse,
    oscillation,
    posterior_collapse,
    vanishing_gradient,
)
from genbench.detectors.diagnosis import diagnose

__all__ = [
    "chain_not_mixing",
    "checkerboard",
    "convergence_failure",
    "dead_units",
    "diagnose",
    "discriminator_overpowering",
    "exploding_gradient",
    "inactive_units",
    "memorisation",
    "mode_collapse",
    "oscillation",
    "posterior_collapse",
    "vanishing_gradient",
]
