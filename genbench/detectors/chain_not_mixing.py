"""Chains that do not mix: samples depend on where their Markov chain started."""

from __future__ import annotations

from genbench.detectors.detector import Detector, Rule
from genbench.detectors.series import Series, Signals
from genbench.registry import detectors


def dependence(signals: Signals) -> Series | None:
    """Energy distance of chains from noise and chains from data, in units of the data's spread."""
    return signals.get("chain/start_dependence")


@detectors.register("chain_not_mixing", cite="fischer2012rbm")
def chain_not_mixing() -> Detector:
    """Short chains from noise end elsewhere than chains from data.

    Well-separated modes make chains slow in healthy machines too; read it beside the samples' scores.
    """
    return Detector(
        "chain_not_mixing",
        [Rule("chain_not_mixing/start", dependence, "distance of cold from warm chains", window=1, least=2)],
        "chain/start_dependence",
        "persistent chains (Tieleman 2008), tempering (Desjardins et al. 2010), more sweeps, weight decay",
        order=3,
        level="failure",
    )
