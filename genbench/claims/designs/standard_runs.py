"""Runs that claims on trained models share: small games on points, dense and convolutional nets on digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genbench.claims.claim import Budget, Budgets
from genbench.claims.drawing import Panel
from genbench.suite import Comparison

IMAGE_SEEDS = 6
DENSE_STEPS = 3
"""Dense nets get so many times the steps of convolutional ones, which costs about as much."""

ON_POINTS: Budgets = {"fast": Budget(16, 300), "full": Budget(16, 1500)}
DENSE_NETS: Budgets = {"fast": Budget(IMAGE_SEEDS, 300), "full": Budget(IMAGE_SEEDS, 1500)}
CONVOLUTIONS: Budgets = {
    "fast": Budget(IMAGE_SEEDS, 300 // DENSE_STEPS),
    "full": Budget(IMAGE_SEEDS, 1500 // DENSE_STEPS),
}

POINTS: Mapping[str, Mapping[str, Any]] = {
    "gan": {"latent": 2, "width": 64},
    "gan-saturating": {"latent": 2, "width": 64},
    "lsgan": {"latent": 2, "width": 64},
    "wgan": {"latent": 2, "width": 64, "clip": 0.1},
    "wgan-gp": {"latent": 2, "width": 64, "beta1": 0.5, "penalty": 0.1},
    "vae": {"latent": 2, "width": 64, "depth": 2},
}
"""Options on points, after the `planar` suite, with narrower nets."""

RATE = 1e-3
"""The learning rate where none is swept."""

RATES = (3e-4, 1e-3, 3e-3, 1e-2)
"""The grid of learning rates that stability is judged over."""

DENSE: Mapping[str, Any] = {"latent": 16, "width": 128, "rate": 5e-4}
"""Options of a dense `gan` on digits."""

CONVOLUTIONAL: Mapping[str, Any] = {"latent": 16, "width": 16, "prior": "normal", "rate": 1e-3}
"""Options of a `dcgan` on digits."""

AUTOENCODER: Mapping[str, Any] = {"latent": 16, "width": 128}
"""Options of a `vae` on digits."""

PLANAR: dict[str, Any] = {"latent": 2, "rate": 1e-3}
"""Options of adversarial games on points, those of the `planar` suite."""

DIGITS: dict[str, Any] = {"depth": 1}
"""Options of dense adversarial games on digits, those of the `quick` suite."""

QUALITY = {
    "ring8": "sliced_wasserstein@2500",
    "grid25": "sliced_wasserstein@2500",
    "digits": "frechet_lenet@1k",
}
"""The score, lower is better, that quality means on a task."""


def quality(task: str, rotate: int = 0) -> Panel:
    """How the quality on a task is drawn."""
    label = f"{QUALITY[task]} ↓"
    return Panel("score", label, title=task, log=True, small=7, rotate=rotate, only=("task", task))


DIGITS_METRICS = [
    *("frechet_lenet@1k", "coverage_lenet@1k", "copying@1k", "classification_accuracy@1k", "active_units@1k"),
]


def on_points(
    model: str,
    seeds: int,
    steps: int,
    *,
    task: str = "ring8",
    sweep: Mapping[str, Sequence[Any]] | None = None,
    **more: Any,
) -> Comparison:
    """A model on points, in batches of 64.

    Games with five critic steps take a third of the steps, which is as many updates of a net as others make.
    """
    options = {"rate": RATE, **POINTS[model], **more}
    swept = {name: list(values) for name, values in (sweep or {}).items()}
    kept = {name: value for name, value in options.items() if name not in swept}
    return Comparison(
        tasks=[task],
        models=[model],
        options={model: kept},
        sweep={model: swept} if swept else {},
        seeds=tuple(range(seeds)),
        steps=max(1, steps // 3) if model in ("wgan", "wgan-gp") else steps,
        batch=64,
        evaluations=1,
    )


def on_digits(model: str, options: Mapping[str, Any], seeds: int, steps: int, **more: Any) -> Comparison:
    """A model on the embedded digits, in batches of 64; `more` are further options."""
    return Comparison(
        tasks=["digits"],
        models=[model],
        options={model: {**options, **more}},
        seeds=tuple(range(seeds)),
        steps=steps,
        batch=64,
        evaluations=1,
        metrics=DIGITS_METRICS,
    )


def gan_and_vae(budget: Budget) -> list[Comparison]:
    """A dense GAN and a VAE of its size on digits."""
    both = {"gan": DENSE, "vae": AUTOENCODER}
    return [on_digits(model, options, budget.seeds, budget.steps) for model, options in both.items()]


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
