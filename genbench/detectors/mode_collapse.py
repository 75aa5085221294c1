"""Mode collapse: parts of the data get no samples, though the samples that are there look like data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genbench.detectors.detector import Detector, Finding, Rule
from genbench.detectors.oscillation import moves
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors

IN_REACH = 0.1
"""Share of samples no farther from data than data are, below which there are no modes to speak of."""
NEAR, RECENT = 0.02, 10
"""With fewer samples near the data in this many looks there are no modes: that is a convergence failure."""
TOTAL = 0.9
ROTATES = 0.2


def starved_mass(signals: Signals) -> Series | None:
    """Share of the data's mass in bins that get less than a quarter of their due, 0 away from the data."""
    if not {"sample/starved_mass", "sample/in_reach"} <= signals.keys():
        return None
    starved, reached = signals["sample/starved_mass"], signals["sample/in_reach"]
    there = reached.at(starved.steps) >= IN_REACH
    return Series(starved.steps, np.where(there, starved.values, 0.0))


def missing_mass(signals: Signals) -> Series | None:
    """Share of the data's mass in bins that samples miss, 0 where samples are nowhere near the data."""
    if not {"sample/missing_mass", "sample/near"} <= signals.keys():
        return None
    missing, near = signals["sample/missing_mass"], signals["sample/near"]
    lately = pd.Series(near.at(missing.steps)).rolling(RECENT, min_periods=1).max().to_numpy()
    return Series(missing.steps, np.where(lately >= NEAR, missing.values, 0.0))


def kind(signals: Signals, finding: Finding) -> str:
    """``rotating`` if samples jump from mode to mode, ``total`` if they share one bin, else ``static``."""
    moved = moves(signals)
    if moved is not None and len(late := moved.late(0.5)) and float(np.median(late.values)) > ROTATES:
        return "rotating"
    top = signals.get("sample/top_bin")
    return "total" if top is not None and float(np.median(top.values[-5:])) >= TOTAL else "static"


@detectors.register("mode_collapse", cite="lin2018pacgan")
def mode_collapse() -> Detector:
    """Parts of the data get no samples: static, rotating, or total.

    Counts samples of a fixed bank in k-means bins of held-out data; a bin is starved if its share is below a
    quarter of its due. That one bin is may be chance, that a fifth of the mass is at five looks in a row is
    none. Losses do not show it. Not for runs whose samples are far from the data altogether, which
    `convergence_failure` judges.
    """
    return Detector(
        "mode_collapse",
        [
            Rule("mode_collapse/starved_mass", starved_mass, "starved mass", window=5),
            Rule(
                "mode_collapse/missing_mass",
                missing_mass,
                "missing mass",
                window=5,
                unless="sample/starved_mass",
            ),
        ],
        "sample/starved_mass and sample/in_reach, or sample/missing_mass and sample/near",
        "minibatch statistics (Salimans et al. 2016), PacGAN (Lin et al. 2018) or WGAN-GP (Gulrajani et al. "
        "2017); if it rotates, a lower generator rate or R1 (Mescheder et al. 2018)",
        order=6,
        level="failure",
        subtype=kind,
    )
