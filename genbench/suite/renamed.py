"""Options of models that had another name once, and are found under it in the records of older runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OF_GANS = {"kernels": "minibatch_kernels", "flips": "label_flips", "freeze": "freeze_above"}
RENAMED: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("gan", "gan-saturating", "lsgan", "dcgan"), _OF_GANS),
    "vae": {"dynamic": "dynamic_binarization"},
}
"""Model → first name of an option → its name today."""


def todays_names(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a record, old or new, by the names that they have today; the order stays."""
    return _translated(options, RENAMED.get(model, {}))


def first_names(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `todays_names`: a run's key is made of these, so that it is found where it was."""
    return _translated(options, {new: old for old, new in RENAMED.get(model, {}).items()})


def _translated(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        name if names.get(name, name) in options else names.get(name, name): value
        for name, value in options.items()
    }
