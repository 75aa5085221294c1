"""Options of models that had another name once, or did not exist: older runs stay the runs that they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OF_GANS = {"kernels": "minibatch_kernels", "flips": "label_flips", "freeze": "freeze_above"}
RENAMED: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("gan", "gan-saturating", "lsgan", "dcgan"), _OF_GANS),
    "vae": {"dynamic": "dynamic_binarization"},
}
"""Model → first name of an option → its name today."""

_OF_RUNS = {"average": 0.0, "final_rate": 1.0}
_OF_CRITICS = {"r1": 0.0, "spectral_norm": False}
_OF_NOISE = {"learned_noise": False, "noise_rate": 3e-3, "least_noise": 1e-4}
ADDED: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("gan", "gan-saturating", "lsgan", "dcgan"), _OF_RUNS | _OF_CRITICS),
    **dict.fromkeys(("wgan", "wgan-gp"), _OF_RUNS),
    **dict.fromkeys(("rbm", "dbn"), _OF_NOISE),
    "vae": {"restarts": True},
}
"""Model → option that there was not always → what runs did before there was a choice.

A run with that value has the key it had without the option. An option goes here with its first default, which
stays here whatever the default becomes.
"""


def todays_names(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a record, old or new, by the names that they have today; the order stays.

    Options that were added since follow, with what the run did.
    """
    named = _translated(options, RENAMED.get(model, {}))
    return named | {name: value for name, value in ADDED.get(model, {}).items() if name not in named}


def first_names(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `todays_names`: a run's key is made of these, so that it is found where it was."""
    added = ADDED.get(model, {})
    first = {name: value for name, value in options.items() if name not in added or value != added[name]}
    return _translated(first, {new: old for old, new in RENAMED.get(model, {}).items()})


def _translated(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        name if names.get(name, name) in options else names.get(name, name): value
        for name, value in options.items()
    }
