"""G4: a stable run keeps both accuracies of the discriminator near one half."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.signals import Course, level, with_signals
from genbench.claims.designs.standard_runs import ON_POINTS, on_points
from genbench.registry import claims
from genbench.types import Judgement

OBJECTIVES = ("gan", "gan-saturating", "lsgan")
STEADY = {"rate": (3e-4, 1e-3)}
NEAR = 0.15
"""Mean distance from one half that still counts as near."""


@claims.register("G4")
def stable_at_half() -> Claim:
    """In a stable run the accuracies on real and on generated data stay near one half, and alike."""
    return Claim(
        id="G4",
        slug="stable-at-half",
        statement="While training is stable, the discriminator's accuracies on real and on generated "
        "data stay near one half, and alike.",
        sources=(Source("L2", "Stable learning curves"),),
        hypothesis="In runs without any diagnosed failure both accuracies lie near one half, whatever "
        "the objective.",
        test="GANs with the usual, the saturating and the least-squares loss on ring8 at two learning "
        "rates, seeds without a diagnosed failure. The larger of the distances of both accuracies from "
        f"½, means over the second half of the run: mean over seeds below {NEAR} for each objective "
        "(t-tests). All must hold.",
        lesson="Chance accuracy on both sides is what equilibrium would look like, and T7 shows that it "
        "proves nothing. Healthy runs do not stay there: their discriminators are right in two of "
        "three to four of five cases, on both sides, whatever the loss. One that is somewhat "
        "ahead is no cause for alarm.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Three objectives at two rates."""
    return [on_points(name, budget.seeds, budget.steps, sweep=STEADY) for name in OBJECTIVES]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, rate, seed, diagnosed, real and fake (mean accuracies)."""
    courses = {side: Course(f"critic/accuracy_{side}", level) for side in ("real", "fake")}
    frame = with_signals(results, courses, ["rate"])
    return frame[["model", "rate", "seed", "diagnosed", "real", "fake"]]


def judge(frame: pd.DataFrame) -> Judgement:
    """Distance of accuracies from one half in healthy seeds."""
    healthy = frame[~frame["diagnosed"]]
    away = (healthy[["real", "fake"]] - 0.5).abs().max(axis=1)
    return decisions.all_of(
        *(
            decisions.mean(away[healthy["model"] == name], "below", NEAR, f"distance from ½, {name}")
            for name in sorted(set(frame["model"]))
        )
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Both accuracies, a dot a seed; diagnosed seeds are hollow."""
    names = list(dict.fromkeys(frame["model"]))
    drawn, axes = drawing.panels(len(names))
    for ax, name in zip(axes, names, strict=True):
        for told, own in frame[frame["model"] == name].groupby("diagnosed"):
            face = "none" if told else None
            label = "diagnosed" if told else "healthy"
            ax.plot(own["real"], own["fake"], "o", markersize=4, markerfacecolor=face, label=label)
        ax.plot([0.5], [0.5], "+", color="black", markersize=10)
        ax.set(title=name, xlabel="accuracy on real", ylabel="on generated", xlim=(0, 1), ylim=(0, 1))
        if ax.lines[1:]:  # beside the cross, seeds of which it is known
            ax.legend(fontsize=6)
    return drawn


def examples() -> Examples:
    """Near, away from it, and spread around the limit."""
    rng = np.random.default_rng(0)

    def made(away: float, spread: float) -> pd.DataFrame:
        frame = every(model=OBJECTIVES, seed=range(16)).assign(rate=1e-3, diagnosed=False)
        real = 0.5 + away + spread * (frame["seed"] - 7.5) / 4
        return frame.assign(real=real, fake=0.5 + 0.01 * rng.standard_normal(len(frame)))

    return {"supported": made(0.05, 0.02), "refuted": made(0.3, 0.02), "inconclusive": made(0.15, 0.05)}
