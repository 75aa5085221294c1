"""G2: an oscillating generator loss is a sign of mode collapse."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.learning_rates import grid
from genbench.claims.designs.signals import Course, swing, with_signals
from genbench.claims.designs.standard_runs import ON_POINTS, on_points
from genbench.claims.experiments.adversarial_failures.g01_latent_dim import LATENTS
from genbench.registry import claims
from genbench.types import Judgement

COVERED = 7
"""Modes of eight from which on a run has not collapsed."""

USEFUL = 0.7
"""Area under the ROC that a sign must exceed to be of use."""


@claims.register("G2")
def oscillation_sign() -> Claim:
    """Mode collapse can be told from oscillations of the losses, the generator's most of all."""
    return Claim(
        id="G2",
        slug="loss-oscillation-sign",
        statement="Mode collapse can be recognised by oscillations of the losses over time, most "
        "notably of the generator's.",
        sources=(Source("L2", "Mode collapse"),),
        hypothesis="Among many runs the generator's loss swings more in those that have lost modes.",
        test="GANs on ring8 over learning rates and latent dimensions. Score of a seed: standard "
        "deviation of the generator's loss around its trend over its mean size, second half of the "
        f"run. Area under the ROC for telling seeds with fewer than {COVERED} of 8 modes from the "
        f"others, above {USEFUL} (DeLong).",
        lesson="Of a run that lost modes and one that did not, the swing of the loss names the right one "
        "four times in five: a hint, not a diagnosis. A loss curve is drawn against an opponent "
        "who moves too. Before you read collapse out of it, look at samples, or count modes where "
        "you can.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> list[Comparison]:
    """GANs over rates and over dimensions."""
    return [
        *grid(["gan"], budget),
        on_points("gan", budget.seeds, budget.steps, sweep={"latent": LATENTS}),
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns rate, latent, seed, modes, swing."""
    courses = {"swing": Course("generator/loss", swing)}
    frame = with_signals(results, courses, ["rate", "latent"]).rename(columns={"modes@2500": "modes"})
    return frame[["rate", "latent", "seed", "modes", "swing"]].fillna({"modes": 0})


def judge(frame: pd.DataFrame) -> Judgement:
    """Swing as a test for lost modes."""
    known = frame.dropna()
    lost = known["modes"] < COVERED
    return decisions.auroc(
        known.loc[lost, "swing"], known.loc[~lost, "swing"], USEFUL, "area under the ROC of the swing"
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Swing against modes, a dot a seed."""
    drawn, (ax,) = drawing.panels()
    for rate, own in frame.groupby("rate"):
        shift = 0.15 * (np.arange(len(own)) % 5 - 2) / 2
        ax.plot(own["modes"] + shift, own["swing"], "o", markersize=3, alpha=0.6, label=f"rate {rate:g}")
    ax.set(xlabel="modes of 8", ylabel="swing of the generator's loss", yscale="log")
    ax.legend(fontsize=6)
    return drawn


def examples() -> Examples:
    """Swings that are larger, smaller and alike where modes are lost."""
    rng = np.random.default_rng(0)

    def made(shift: float) -> pd.DataFrame:
        modes = np.repeat([8, 3], 40)
        noise = np.exp(0.5 * rng.standard_normal(80))
        swings = 0.1 * noise * np.where(modes < COVERED, np.exp(shift), 1.0)
        return pd.DataFrame(
            {"rate": 1e-3, "latent": 2, "seed": np.arange(80), "modes": modes, "swing": swings}
        )

    return {"supported": made(1.5), "refuted": made(-1.0), "inconclusive": made(0.4)}
