"""Posterior collapse: the code of an autoencoder says nothing of the data."""

from __future__ import annotations

import numpy as np

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def idle_code(signals: Signals) -> Series | None:
    """Reconstruction error with the own code over that with a stranger's: 1 if codes do not matter."""
    use = signals.get("vae/code_use")
    return None if use is None else use.map(lambda values: 1 / np.maximum(values, 1e-12))


@detectors.register("posterior_collapse", cite="bowman2016generating")
def posterior_collapse() -> Detector:
    """Reconstructions are as good with the code of another example.

    Says nothing of single units: unused ones beside used ones are pruning, see `inactive_units`. Where the
    data need no code, such as one Gaussian, it is no failure.
    """
    return Detector(
        "posterior_collapse",
        [
            Rule(
                "posterior_collapse/idle_code",
                idle_code,
                "error with the own code over a stranger's",
                window=5,
            )
        ],
        "vae/code_use",
        "a lower β or a learned σ² (Lucas et al. 2019), warm-up of the KL term (Bowman et al. 2016), free "
        "bits (Kingma et al. 2016)",
        order=4,
        level="symptom",
    )
