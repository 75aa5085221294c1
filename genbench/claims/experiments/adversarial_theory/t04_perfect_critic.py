"""T4: a discriminator near its optimum leaves the minimax generator no gradient."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.frozen_generator import generator_gradients
from genbench.models.gans import gan
from genbench.registry import claims
from genbench.tasks.planar import ring8

STOPS = 12
"""Numbers of discriminator steps at which the gradient is measured, evenly spaced in their logarithm."""

SETTLED = 10
"""Steps from which on the slope is fitted: before, the untrained discriminator is flat for another reason."""


@claims.register("T4", cite="arjovsky2017principled")
def perfect_critic() -> Claim:
    """As the discriminator nears its optimum, the minimax generator's gradient vanishes."""
    return Claim(
        id="T4",
        slug="perfect-d-kills-gradient",
        statement="The closer the discriminator comes to its optimum, the smaller the gradient that the "
        "minimax loss log(1 − D(G(z))) leaves the generator.",
        sources=(Source("L1", "The Optimal Discriminator"),),
        hypothesis="With the generator frozen, the norm of its minimax gradient falls while the "
        "discriminator trains, and in the end hardly anything of it is left.",
        test="Freeze an untrained generator on ring8 and train the discriminator alone. By seed: slope of "
        f"ln ‖∇‖ on ln step from step {SETTLED} on, mean below 0 (t-test); and last norm over largest norm, "
        "median below .01 (Wilcoxon). Both must hold.",
        lesson="Training the discriminator to the end before each generator step is the wrong idea with "
        "this loss. What is steep near the boundary between D = 0 and D = 1 is flat where the samples lie.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=400),
        full=Budget(seeds=16, steps=2000),
        judge=judge,
        figure=figure,
        examples=examples,
        checked="Both parts hold by themselves: after 2,000 steps of the discriminator a median of .17 % of "
        "the largest gradient is left, and it falls as the step to the power −1.2. The first has p = "
        ".033, which Holm's adjustment for all claims of this page lifts above .05. After the 400 "
        "steps of the fast tier 3 % were left.",
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns of `generator_gradients`, the minimax loss only."""
    stops = sorted({round(stop) for stop in np.geomspace(1, budget.steps, STOPS)})
    frame = generator_gradients(gan(latent=2, rate=1e-3), ring8(), budget.seeds, stops, batch=128)
    return frame[frame["loss"] == "saturating"].reset_index(drop=True)


def judge(frame: pd.DataFrame) -> Judgement:
    """Slope of the logarithms, and what is left of the gradient."""
    norms = frame.pivot(index="seed", columns="step", values="norm")
    steps = norms.columns.to_numpy(float)
    late = steps >= SETTLED
    slopes = np.polyfit(np.log(steps[late]), np.log(norms.to_numpy()[:, late] + 1e-300).T, 1)[0]
    left = norms.iloc[:, -1] / norms.max(axis=1)
    return decisions.all_of(
        decisions.mean(slopes, "below", 0.0, "slope of ln ‖∇‖ on ln step"),
        decisions.median(left, "below", 0.01, "last norm ÷ largest norm"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Gradient norm and D(G(z)) along the discriminator's training."""
    drawn, (left, right) = drawing.panels(2)
    drawing.lines(left, frame, "step", "norm")
    left.set(xscale="log", yscale="log", xlabel="discriminator steps", ylabel="‖∇G‖, minimax loss")
    drawing.lines(right, frame, "step", "fake")
    right.set(xscale="log", yscale="log", xlabel="discriminator steps", ylabel="mean D(G(z))")
    return drawn


def examples() -> Examples:
    """Gradients that fall to nothing, that rise, and that do as they please."""
    rng = np.random.default_rng(0)

    def made(power: float, spread: float) -> pd.DataFrame:
        frame = every(seed=range(16), step=[1, 10, 30, 100, 300, 1000])
        powers = rng.normal(power, spread, 16)[frame["seed"]]
        return frame.assign(norm=frame["step"].astype(float) ** powers, fake=0.5)

    return {"supported": made(-1.5, 0.1), "refuted": made(0.5, 0.1), "inconclusive": made(-0.67, 0.2)}
