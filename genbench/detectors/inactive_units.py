"""Inactive units: most of an autoencoder's code is not used."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def idle(signals: Signals) -> Series | None:
    """Share of the units that the data need, as far as the code has them, that carry nothing."""
    if not {"vae/carrying_units", "vae/units", "data/components"} <= signals.keys():
        return None
    carrying = signals["vae/carrying_units"]
    needed = np.minimum(*(signals[name].at(carrying.steps) for name in ("vae/units", "data/components")))
    return carrying.map(lambda values: 1 - np.minimum(values / np.maximum(needed, 1), 1))


def inactive(signals: Signals) -> Series | None:
    """Share of latent units whose mean hardly varies over the data."""
    return signals.get("vae/inactive_share")


@detectors.register("inactive_units", cite="burda2016iwae")
def inactive_units() -> Detector:
    """Many of the latent units that the data need carry less than a twentieth of a nat.

    The data need a unit for each principal variance above their noise (Lucas et al. 2019); that the bound
    prunes further ones is no failure. Without those signals it counts units whose mean does not vary with the
    data (Var μ_d ≤ 0.01, Burda et al. 2016), needed or not.
    """
    return Detector(
        "inactive_units",
        [
            Rule("inactive_units/needed", idle, "share of needed units that carry nothing", window=5),
            Rule(
                "inactive_units/share",
                inactive,
                "share of inactive units",
                window=5,
                unless="vae/carrying_units",
            ),
        ],
        "vae/carrying_units, vae/units and data/components, or vae/inactive_share",
        "a smaller code if samples are good; else warm-up of the KL term (Bowman et al. 2016) or a lower β",
        order=5,
        level="note",
    )
