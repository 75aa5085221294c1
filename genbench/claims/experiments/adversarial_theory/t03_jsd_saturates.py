"""T3: the Jensen-Shannon divergence is flat for disjoint supports, the Wasserstein distance is not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import logsigmoid

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.two_distributions import PointSampler, TwoDistributions, no_data, scores
from genbench.engine.trained import Trained
from genbench.ops.adversarial import wasserstein_critic
from genbench.registry import claims

DISTANCES = (0.25, 0.5, 1.0, 1.5, 2.0)
"""θ between the lines {0} × [0, 1] and {θ} × [0, 1]."""

POINTS = 250


@claims.register("T3", cite="arjovsky2017wgan")
def jsd_saturates() -> Claim:
    """JSD is flat for disjoint supports, while the Wasserstein distance still says how far."""
    return Claim(
        id="T3",
        slug="jsd-saturates",
        statement="Between distributions whose supports do not meet, the Jensen-Shannon divergence does "
        "not say how far they are apart; the Wasserstein distance does.",
        sources=(Source("L1", "What this means for the Generator"), Source("L1", "Wasserstein Distance")),
        hypothesis="For two parallel lines at distance θ, a trained discriminator finds JSD = log 2 "
        "whatever θ is, exact transport costs θ, and a trained critic's estimate rises with θ.",
        test="By seed: |JSD of the trained D − log 2|, largest over θ, mean below .02 (t-test); |W1 of "
        "equally many points − θ| ÷ θ, largest over θ, mean below .02 (t-test); the critic's estimate "
        "rises with θ: mean Spearman ρ above .9 (Page's trend test). All three must hold.",
        lesson="A discriminator that parts two distributions completely has nothing more to say, however "
        "far apart they are. The critic of a Wasserstein GAN has no such ceiling, because its slope is "
        "bounded instead of its answer. The slide writes that the divergence saturates where p‖q ≈ 0; what "
        "it means is that they hardly overlap.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=150, size=64),
        full=Budget(seeds=16, steps=900, size=128),
        judge=judge,
        figure=figure,
        examples=examples,
        checked="The fast tier refutes it: 150 steps do not bring the discriminator of the closest lines to "
        "the end, .634 where log 2 is .693. With 900 steps all three parts hold, and exact transport "
        "gives θ to one per cent.",
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns seed, theta, jsd (trained D, nats), w1 (exact, of points), critic (its estimate of W1)."""
    return pd.concat([_distances(theta, budget) for theta in DISTANCES], ignore_index=True)


def judge(frame: pd.DataFrame) -> Judgement:
    """Ceiling of the divergence, exactness of transport, and order of the critic's estimates."""
    off = (frame["jsd"] - math.log(2)).abs()
    cost = (frame["w1"] - frame["theta"]).abs() / frame["theta"]
    estimates = frame.pivot(index="seed", columns="theta", values="critic")
    return decisions.all_of(
        decisions.mean(off.groupby(frame["seed"]).max(), "below", 0.02, "largest |JSD − log 2|, nats"),
        decisions.mean(cost.groupby(frame["seed"]).max(), "below", 0.02, "largest |W1 − θ| ÷ θ"),
        decisions.trend(estimates, "above", 0.9, "Spearman ρ of the critic's estimate with θ"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """All three against the distance."""
    drawn, (left, right) = drawing.panels(2)
    drawing.lines(left, frame, "theta", "jsd")
    drawing.reference(left, math.log(2), "log 2")
    left.set(xlabel="distance θ", ylabel="JSD of the trained D, nats", ylim=(0, 0.8))
    long = frame.melt(["seed", "theta"], ["w1", "critic"], "what", "value")
    drawing.lines(right, long.replace({"w1": "exact W1", "critic": "critic"}), "theta", "value", "what")
    right.set(xlabel="distance θ", ylabel="W1")
    return drawn


def examples() -> Examples:
    """As claimed; a divergence that does tell the distance; and a critic whose order is unsure."""
    frame = every(seed=range(16), theta=DISTANCES)
    noise, theta = np.random.default_rng(0).standard_normal(len(frame)), frame["theta"]
    claimed = frame.assign(jsd=math.log(2) - 0.001, w1=theta * 1.001, critic=theta + 0.01 * noise)
    return {
        "supported": claimed,
        "refuted": claimed.assign(jsd=0.3 * theta),
        "inconclusive": claimed.assign(critic=theta + 0.45 * noise),
    }


def line(theta: float) -> PointSampler:
    """Uniform on {θ} × [0, 1]."""
    return lambda uniform, normal: torch.stack([torch.full_like(uniform, theta), uniform], dim=-1)


def _distances(theta: float, budget: Budget) -> pd.DataFrame:
    p, q = line(0.0), line(theta)
    sides = {
        "jsd": TwoDistributions(p, q),
        "critic": TwoDistributions(p, q, loss=wasserstein_critic, penalty=10.0),
    }
    trained = {
        name: Trained.of(model, no_data(2), budget.seeds, budget.steps, budget.size)
        for name, model in sides.items()
    }
    rows = []
    for seed in range(budget.seeds):
        source = torch.Generator().manual_seed(seed)
        x, y = (distribution(torch.rand(POINTS, generator=source), torch.zeros(0)) for distribution in (p, q))
        d_x, d_y = (scores(trained["jsd"], seed, points) for points in (x, y))
        f_x, f_y = (scores(trained["critic"], seed, points) for points in (x, y))
        rows.append((seed, theta, _divergence(d_x, d_y), _transport(x, y), float(f_x.mean() - f_y.mean())))
    return pd.DataFrame(rows, columns=["seed", "theta", "jsd", "w1", "critic"])


def _transport(x: Tensor, y: Tensor) -> float:
    """Exact W1 of equally many points: the cheapest one-to-one assignment."""
    cost = torch.cdist(x.double(), y.double(), compute_mode="donot_use_mm_for_euclid_dist").numpy()
    return float(cost[linear_sum_assignment(cost)].mean())


def _divergence(on_p: Tensor, on_q: Tensor) -> float:
    """JSD as the trained discriminator's value implies it, nats."""
    value = float(logsigmoid(on_p).mean() + logsigmoid(-on_q).mean())
    return (value + math.log(4)) / 2
