"""G12: does a least-squares loss solve the problems of GAN training?"""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Examples, Judgement, Runs, Source, claims, decisions
from genbench.claims.designs.learning_rates import failed, figure, grid, made_up, outcomes
from genbench.claims.designs.standard_runs import ON_POINTS

SOLVED = 0.1
"""Largest share of failed seeds at which training counts as solved."""


@claims.register("G12", cite="mao2017lsgan")
def least_squares() -> Claim:
    """A least-squares loss really solves the problems of training a GAN."""
    return Claim(
        id="G12",
        slug="least-squares",
        statement="The lecture asks whether a least-squares loss really solves the problems of GAN "
        "training, no convergence and mode collapse. Put to the test is the answer yes.",
        sources=(Source("L1", "Why are GANs so difficult to train?"),),
        hypothesis="Over a grid of learning rates hardly any least-squares GAN fails, and fewer do "
        "than of GANs with the usual loss.",
        test="GANs and least-squares GANs on ring8 at four learning rates; a seed fails if mode "
        "collapse, convergence failure or oscillation is diagnosed in its samples, or it is not "
        f"finite. Share of failed least-squares seeds below {SOLVED} (binomial test), and share of the "
        "usual loss minus it above 0 (Fisher's test). Both must hold.",
        lesson="Fewer least-squares GANs fail than usual ones, above all at the lowest rate; whether "
        "hardly any does, 64 seeds leave open. A loss changes which learning rates work and how "
        "hard the generator is pushed; it changes neither the game nor its tendency to go round. "
        "Compare losses over a grid of settings, never at one.",
        evidence=Runs(suite, outcomes),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Both losses over the grid."""
    return grid(["gan", "lsgan"], budget)


def judge(frame: pd.DataFrame) -> Judgement:
    """Few failures, and fewer than before."""
    usual, squares = failed(frame, "gan"), failed(frame, "lsgan")
    return decisions.all_of(
        decisions.share(squares, "below", SOLVED, "share of least-squares seeds that fail"),
        decisions.shares_differ(usual, squares, "share that fails, usual − least squares"),
    )


def examples() -> Examples:
    """Solved, not solved, and in between."""
    return {
        "supported": made_up({"gan": 0.5, "lsgan": 0.0}),
        "refuted": made_up({"gan": 0.5, "lsgan": 0.6}),
        "inconclusive": made_up({"gan": 0.5, "lsgan": 0.09}),
    }
