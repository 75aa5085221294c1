"""Inactive units: most of an autoencoder's code is not used."""

from __future__ import annotations

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def inactive(signals: Signals) -> Series | None:
    """Share of latent units whose mean hardly varies over the data."""
    return signals.get("vae/inactive_share")


@detectors.register("inactive_units", cite="burda2016iwae")
def inactive_units() -> Detector:
    """Most latent units do not vary with the data (Var μ_d ≤ 0.01, Burda et al. 2016).

    Often no failure: the bound prunes units that the data do not need. It says that the code may be smaller.
    """
    return Detector(
        "inactive_units",
        [Rule("inactive_units/share", inactive, "share of inactive units", window=5)],
        "vae/inactive_share",
        "a smaller code if samples are good; else warm-up of the KL term (Bowman et al. 2016) or a lower β",
        order=5,
    )
