"""Suite fragments that several claims share, so that equal runs are made once."""

from __future__ import annotations

from typing import Any

from genbench.suite import Comparison

PLANAR: dict[str, Any] = {"latent": 2, "rate": 1e-3}
"""Options of adversarial games on points, those of the `planar` suite."""

DIGITS: dict[str, Any] = {"depth": 1}
"""Options of dense adversarial games on digits, those of the `quick` suite."""


def compared(
    task: str, models: dict[str, dict[str, Any]], seeds: int, steps: int, *, metrics: list[str] | None = None
) -> Comparison:
    """Models with their options on one task; the task's own metrics where none are given.

    Points come in batches of 128, images of 64. Scores are taken at the end alone.
    """
    return Comparison(
        tasks=[task],
        models=list(models),
        options={name: dict(options) for name, options in models.items() if options},
        seeds=tuple(range(seeds)),
        steps=steps,
        batch=64 if task == "digits" else 128,
        evaluations=1,
        metrics=metrics,
    )
