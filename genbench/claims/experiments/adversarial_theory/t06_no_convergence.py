"""T6: gradient steps in turn need not converge, since the game has a saddle point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.registry import claims

Points = NDArray[np.float64]
Field = Callable[[Points, Points], tuple[Points, Points]]
"""Generator θ and discriminator ψ → the direction in which each of them goes."""

STEP = 0.2
ORDERS = ("simultaneous", "alternating")

GAMES: dict[str, Field] = {
    "GAN": lambda theta, psi: (-expit(-theta * psi) * psi, expit(-theta * psi) * theta),
    "NSGAN": lambda theta, psi: (-expit(theta * psi) * psi, expit(-theta * psi) * theta),
    "WGAN": lambda theta, psi: (-psi, theta),
    "WGAN-GP": lambda theta, psi: (-psi, theta - 0.7 * np.sign(psi) * (np.abs(psi) - 1)),
    "R1 γ=.3": lambda theta, psi: (-expit(-theta * psi) * psi, expit(-theta * psi) * theta - 0.3 * psi),
    "R1 γ=1": lambda theta, psi: (-expit(-theta * psi) * psi, expit(-theta * psi) * theta - psi),
    "bilinear": lambda theta, psi: (-psi, theta),
}
"""Data are a point at 0, samples a point at θ, the discriminator is ψ·x (Mescheder et al. 2018)."""

CLIP = {"WGAN": 1.0}

REFERENCE = {
    "GAN": (3.10, 1.42),
    "NSGAN": (0.64, 0.28),
    "WGAN": (1.00, 1.02),
    "WGAN-GP": (1.80, 1.22),
    "R1 γ=.3": (2.6e-6, 2.3e-7),
    "R1 γ=1": (9.5e-22, 7.5e-17),
}
"""Distance to the equilibrium after 500 steps of .2 from (1, 1), simultaneous and alternating."""

EIGENVALUES = {
    "GAN": (0.5j, -0.5j),
    "R1 γ=.3": (-0.15 + 0.47696960070847283j, -0.15 - 0.47696960070847283j),
    "R1 γ=1": (-0.5 + 0j, -0.5 + 0j),
    "bilinear": (1j, -1j),
}
"""Of the field's derivative at the equilibrium: ±½i, −γ/2 ± √(γ²/4 − ¼), ±i."""


@claims.register("T6", cite="mescheder2018convergence")
def no_convergence() -> Claim:
    """The game has a saddle point: gradient steps in turn need not converge."""
    return Claim(
        id="T6",
        slug="no-convergence",
        statement="A GAN's equilibrium is a saddle point, not a minimum, so gradient steps taken in turn "
        "may circle around it for ever.",
        sources=(
            Source("L1", "Taking turns: Nash Equilibrium"),
            Source("L0", "Taking turns"),
            Source("L4", "More Practically"),
        ),
        hypothesis="In the two smallest games, the Dirac-GAN and the bilinear game, the distance to the "
        "equilibrium does not shrink, neither with simultaneous steps nor in turns; the same code does "
        "converge with a gradient penalty on the data.",
        test="Distance after 500 steps of .2 over distance at the start, alternating steps, seeds as "
        "starting points: above ½ for the minimax Dirac-GAN and for the bilinear game (t-tests); and the "
        "mean relative deviation of twelve distances from their reference values and eight eigenvalues "
        "from theory, below .01 (t-test). All three must hold.",
        lesson="Whether it converges is decided by the real part of two eigenvalues, which is zero for the "
        "plain game: it can only circle. Simultaneous steps spiral outwards by √(1 + h²/4) a step, "
        "alternating steps stay on a ring, and a penalty on the discriminator's slope at the data moves "
        "the eigenvalues to the left and ends it. The non-saturating loss does come closer, but ever more "
        "slowly.",
        evidence=Experiment(measure),
        fast=Budget(seeds=64, steps=500),
        full=Budget(seeds=1024, steps=500),
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Tidy: kind, game, order, seed, step, value.

    Kinds: ``ratio``, last over first distance from random starts; ``deviation``, relative, of distances from
    (1, 1) and of eigenvalues from what is known; ``path``, the distance along the way from (1, 1).
    """
    rows: list[tuple[object, ...]] = []
    radius, angle = np.random.default_rng(0).uniform(
        [[0.5], [0.0]], [[1.5], [2 * math.pi]], (2, budget.seeds)
    )
    for game, order in itertools.product(GAMES, ORDERS):
        walked = walk(game, order, radius * np.cos(angle), radius * np.sin(angle), budget.steps)
        rows += [
            ("ratio", game, order, seed, budget.steps, ratio)
            for seed, ratio in enumerate(walked[-1] / radius)
        ]
        path = walk(game, order, np.ones(1), np.ones(1), budget.steps)[:, 0]
        rows += [("path", game, order, 0, step, path[step]) for step in range(0, budget.steps + 1, 10)]
        if game in REFERENCE:
            known = REFERENCE[game][ORDERS.index(order)]
            rows.append(("deviation", game, order, 0, budget.steps, abs(path[-1] / known - 1)))
    for game, known_values in EIGENVALUES.items():
        found = np.sort_complex(np.linalg.eigvals(derivative(GAMES[game])))
        for order, value, known_value in zip(
            ("first", "second"), found, np.sort_complex(np.array(known_values)), strict=True
        ):
            rows.append(("deviation", game, order, 0, 0, abs(value - known_value) / abs(known_value)))
    return pd.DataFrame(rows, columns=["kind", "game", "order", "seed", "step", "value"])


def judge(frame: pd.DataFrame) -> Judgement:
    """No approach in either game, and agreement with what is known."""
    ratios = frame[(frame["kind"] == "ratio") & (frame["order"] == "alternating")]
    deviation = frame.loc[frame["kind"] == "deviation", "value"]
    return decisions.all_of(
        *(
            decisions.mean(
                ratios.loc[ratios["game"] == game, "value"], "above", 0.5, f"last ÷ first distance, {game}"
            )
            for game in ("GAN", "bilinear")
        ),
        decisions.mean(deviation, "below", 0.01, "relative deviation from known values"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Distance along the way from (1, 1)."""
    drawn, axes = drawing.panels(2, height=2.8)
    paths = frame[(frame["kind"] == "path") & (frame["value"] > 0)]
    for ax, order in zip(axes, ORDERS, strict=True):
        drawing.lines(ax, paths[paths["order"] == order], "step", "value", "game", legend=order == ORDERS[1])
        ax.set(
            yscale="log", ylim=(1e-4, 20), xlabel="steps of .2", ylabel="distance to equilibrium", title=order
        )
    return drawn


def examples() -> Examples:
    """Circling, converging, and games that do either by the start."""
    rng = np.random.default_rng(0)

    def made(ratio: Points) -> pd.DataFrame:
        frame = every(game=("GAN", "bilinear"), seed=range(16), kind=("ratio", "deviation", "path"))
        values = {"ratio": ratio, "deviation": np.linspace(0.001, 0.00115, 16), "path": np.ones(16)}
        value = [values[kind][seed] for kind, seed in zip(frame["kind"], frame["seed"], strict=True)]
        return frame.assign(order="alternating", step=10 * frame["seed"], value=value)

    return {
        "supported": made(rng.uniform(0.95, 1.05, 16)),
        "refuted": made(rng.uniform(0.0, 0.01, 16)),
        "inconclusive": made(np.tile([0.0, 1.0], 8)),
    }


def walk(game: str, order: str, theta: Points, psi: Points, steps: int) -> Points:
    """Distances to (0, 0) of many starts, shape (steps + 1, starts)."""
    field, limit = GAMES[game], CLIP.get(game, math.inf)
    distances = [np.hypot(theta, psi)]
    for _ in range(steps):
        moved = theta + STEP * field(theta, psi)[0]
        psi = np.clip(psi + STEP * field(moved if order == "alternating" else theta, psi)[1], -limit, limit)
        theta = moved
        distances.append(np.hypot(theta, psi))
    return np.array(distances)


def derivative(field: Field, h: float = 1e-6) -> Points:
    """Central differences of a field at the equilibrium, shape (2, 2)."""
    columns = []
    for step in (np.array([h, 0.0]), np.array([0.0, h])):
        ahead, behind = (np.ravel(field(*(sign * step[:, None]))) for sign in (1, -1))
        columns.append((ahead - behind) / (2 * h))
    return np.stack(columns, axis=1)
