"""G13: Wasserstein GANs are more stable."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Examples, Judgement, Runs, Source, claims, decisions
from genbench.claims.designs.learning_rates import failed, figure, grid, made_up, outcomes
from genbench.claims.designs.standard_runs import ON_POINTS, RATES, on_points

FEWER = 0.1
"""How much smaller the share of failed seeds must be."""


@claims.register("G13", cite="arjovsky2017wgan")
def wasserstein() -> Claim:
    """Wasserstein GANs train more stably than GANs with the usual loss."""
    return Claim(
        id="G13",
        slug="wasserstein-stability",
        statement="Wasserstein GANs train more stably than GANs with the usual loss.",
        sources=(Source("L2", "Training GANs: Two-player game"), Source("L1", "Wasserstein Distance")),
        hypothesis="Over a grid of learning rates and nets fewer seeds fail with a Wasserstein loss, with "
        "clipped weights as well as with a gradient penalty.",
        test="GAN, WGAN with clipping and WGAN with penalty on ring8, as many updates of a net for each: "
        "plain dense nets at four learning rates, and nets with batch norm in the generator and maxout "
        "units in the critic at two of them; failures as in G12. Share of failed GAN seeds minus share of "
        f"failed WGAN seeds above {FEWER} (Newcombe's interval, Fisher's test), for clipping and for "
        "penalty. Both must hold.",
        lesson="Stable does not mean good: read the failure rate beside the score. And stability is a "
        "statement about a range of settings; one learning rate cannot show it.",
        evidence=Runs(suite, outcomes),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        checked="The settings fall apart. In plain dense nets the penalty keeps its word: 1 of 64 seeds "
        "fails, against 15 of 64 with the usual loss, all but one of these at the two small rates; "
        "clipped weights fail in 20 of 64, most of them oscillating at the two large rates. In nets "
        "with batch norm the usual loss fails never, and 14 of 16 seeds with penalty oscillate at "
        "rate 3e-4, where 500 steps of the generator may not be the end of training. Both halves were"
        " set before; without the second the penalty's part would have come out the other way.",
        examples=examples,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Three methods over the grid of rates, and with the nets of PacGAN at every second rate."""
    methods = ["gan", "wgan", "wgan-gp"]
    normalised = [
        on_points(name, budget.seeds, budget.steps, sweep={"rate": RATES[::2]}, architecture="pacgan")
        for name in methods
    ]
    return [*grid(methods, budget), *normalised]


def judge(frame: pd.DataFrame) -> Judgement:
    """Failures of the usual loss minus those of both Wasserstein GANs."""
    usual = failed(frame, "gan")
    return decisions.all_of(
        *(
            decisions.shares_differ(
                usual, failed(frame, name), f"share that fails, gan − {name}", "above", FEWER
            )
            for name in ("wgan", "wgan-gp")
        )
    )


def examples() -> Examples:
    """Fewer failures, as many, and unclear."""
    return {
        "supported": made_up({"gan": 0.6, "wgan": 0.1, "wgan-gp": 0.1}),
        "refuted": made_up({"gan": 0.3, "wgan": 0.6, "wgan-gp": 0.1}),
        "inconclusive": made_up({"gan": 0.4, "wgan": 0.3, "wgan-gp": 0.1}),
    }
