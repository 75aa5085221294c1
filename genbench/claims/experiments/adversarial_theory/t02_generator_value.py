"""T2: against the best discriminator the generator's objective is −log 4 + 2 JSD(p, q)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.two_distributions import TwoDistributions, mixture, no_data, scores
from genbench.engine.trained import Trained
from genbench.registry import claims

SHIFTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""p = N(0, 1) and q = N(shift, 1)."""

GRID = torch.linspace(-9, 12, 4201, dtype=torch.float64)
LOG_4 = math.log(4)


@claims.register("T2", cite="goodfellow2014gan")
def generator_value() -> Claim:
    """At the best discriminator the generator's objective is −log 4 + 2·JSD(p, q)."""
    return Claim(
        id="T2",
        slug="generator-value",
        statement="Against the best discriminator the value of the game is −log 4 plus twice the "
        "Jensen-Shannon divergence of data and samples.",
        sources=(Source("L1", "What this means for the Generator"),),
        hypothesis="The value that trained discriminators reach, against 2·JSD by quadrature, lies on a "
        "line of slope 1 and intercept −log 4.",
        test="p = N(0, 1), q = N(s, 1) for six shifts s. By seed, the line through (2·JSD, value of the "
        "trained D), both by quadrature: mean slope within [.95, 1.05] and mean intercept within .02 of "
        "−log 4 (two one-sided t-tests each). Both must hold.",
        lesson="Minimising the minimax loss to the end means minimising the Jensen-Shannon divergence, up "
        "to a constant. The slide says that the generator is optimal when it maximises this value; that is "
        "a slip, since it minimises it.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=150, size=256),
        full=Budget(seeds=16, steps=900, size=512),
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns seed, shift, value, jsd, in nats; `size` is the batch."""
    return pd.concat([_values(shift, budget) for shift in SHIFTS], ignore_index=True)


def judge(frame: pd.DataFrame) -> Judgement:
    """Slope and intercept of each seed's line."""
    lines = np.array([np.polyfit(2 * own["jsd"], own["value"], 1) for _, own in frame.groupby("seed")])
    return decisions.all_of(
        decisions.within(lines[:, 0], 0.95, 1.05, "slope of value on 2·JSD"),
        decisions.within(lines[:, 1], -LOG_4 - 0.02, -LOG_4 + 0.02, "intercept, −log 4 = −1.386"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Value against twice the divergence, with the exact line."""
    drawn, (ax,) = drawing.panels(1)
    ax.plot(2 * frame["jsd"], frame["value"], ".", markersize=4)
    ends = np.array([0, 2 * frame["jsd"].max()])
    ax.plot(ends, ends - LOG_4, "--", color="0.4", linewidth=1, label="−log 4 + 2·JSD")
    ax.set(xlabel="2·JSD, nats", ylabel="value of the trained D, nats")
    ax.legend(fontsize=7)
    return drawn


def examples() -> Examples:
    """The formula, one without its factor 2, and values too noisy to say."""
    rng, frame = np.random.default_rng(0), every(seed=range(16), shift=SHIFTS)
    frame = frame.assign(jsd=0.1 * frame["shift"].map(SHIFTS.index))

    def made(factor: float, noise: float) -> pd.DataFrame:
        return frame.assign(value=factor * frame["jsd"] - LOG_4 + noise * rng.standard_normal(len(frame)))

    return {"supported": made(2, 0.003), "refuted": made(1, 0.003), "inconclusive": made(2, 0.5)}


def _values(shift: float, budget: Budget) -> pd.DataFrame:
    model = TwoDistributions(mixture([[0.0]], 1.0), mixture([[shift]], 1.0))
    trained = Trained.of(model, no_data(1), budget.seeds, budget.steps, budget.size)
    log_p, log_q = _log_normal(GRID), _log_normal(GRID - shift)
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    jsd = (_integral(log_p.exp() * (log_p - log_m)) + _integral(log_q.exp() * (log_q - log_m))) / 2
    found = [scores(trained, row, GRID[:, None]) for row in range(budget.seeds)]
    value = [_integral(log_p.exp() * logsigmoid(s) + log_q.exp() * logsigmoid(-s)) for s in found]
    return pd.DataFrame({"seed": range(budget.seeds), "shift": shift, "value": value, "jsd": jsd})


def _log_normal(x: Tensor) -> Tensor:
    return -(x.square() + math.log(2 * math.pi)) / 2


def _integral(values: Tensor) -> float:
    return float(torch.trapezoid(values, GRID))
