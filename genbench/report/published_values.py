"""Values that papers print, with what is needed to find the runs that measure them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Published:
    """One published number, and how to find the runs that measure it.

    Attributes:
        what: method and data, in words.
        options, task_options: what sets these runs apart from others of the suite.
        error: standard error as published; None if there is none.
        steps: the published budget.
        caveat: what differs from the published protocol; the reason given where values do not agree.
    """

    what: str
    source: str
    task: str
    model: str
    metric: str
    value: float
    steps: int
    caveat: str
    error: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    task_options: Mapping[str, Any] = field(default_factory=dict)


_MELCHIOR = "Machines of 16 hidden units on MNIST (Melchior et al. 2016, arXiv:1311.1354)"
_ALTOSAAR = "A VAE after 65,000 steps on static binary MNIST (J. Altosaar, reference implementation)"
_BURDA = "The one-layer VAE on static binary MNIST (Burda et al. 2016, arXiv:1509.00519)"
_PACGAN = "The GAN row of mixtures in the plane (Lin et al. 2018, arXiv:1712.04086)"

_START = "starting weights and the order of the data differ; the exact log Z leaves no other room"
_DRAWS = "the bits are this package's own draws, 60,000 images train instead of 50,000, Adam replaces RMSprop"
_SHORT = "a thousandth of the steps, and 500 weights instead of 5,000; the full budget needs a GPU"
_FEW = "a hundredth of the steps; the full budget needs a GPU (`--models gan --steps 400000 --seeds 10`)"


def _rbm(what: str, value: float, centred: bool, flip: bool, caveat: str) -> Published:
    options = {"hidden": 16, "wide": True, "offset_rate": 0.01 if centred else None}
    exact = "log_likelihood_exact@10k"
    task = {"rule": "threshold", "flip": flip}
    return Published(
        what, _MELCHIOR, "binary-mnist", "rbm", exact, value, 30_000, caveat, None, options, task
    )


def _vae(
    what: str, source: str, latent: int, metric: str, value: float, steps: int, caveat: str
) -> Published:
    task = {"rule": "static", "flip": False}
    return Published(
        what, source, "binary-mnist", "vae", metric, value, steps, caveat, None, {"latent": latent}, task
    )


def _gan(task: str, metric: str, value: float, error: float) -> Published:
    options = {"architecture": "pacgan"}
    return Published(f"GAN, {task}", _PACGAN, task, "gan", metric, value, 400_000, _FEW, error, options)


PUBLISHED = (
    _rbm("centred", -142.56, True, False, _START),
    _rbm("plain", -149.05, False, False, _START),
    _rbm("centred, flipped", -142.09, True, True, _START),
    _rbm("plain, flipped", -183.36, False, True, _START),
    _vae("VAE 784–256–256–128", _ALTOSAAR, 128, "elbo@10", -103.3, 65_000, _DRAWS),
    _vae("VAE 784–256–256–128", _ALTOSAAR, 128, "iwae@500", -97.1, 65_000, _DRAWS),
    _vae("VAE 784–200–200–50", _BURDA, 50, "iwae@500", -88.71, 9_840_000, _SHORT),
    _vae("VAE 784–200–200–50", _BURDA, 50, "active_units@10k", 19, 9_840_000, _SHORT),
    _gan("ring8", "modes@2500", 6.3, 0.5),
    _gan("ring8", "high_quality@2500", 0.982, 0.002),
    _gan("ring8", "reverse_kl@2500", 0.45, 0.09),
    _gan("grid25", "modes@2500", 17.3, 0.8),
    _gan("grid25", "high_quality@2500", 0.948, 0.007),
    _gan("grid25", "reverse_kl@2500", 0.70, 0.07),
)
