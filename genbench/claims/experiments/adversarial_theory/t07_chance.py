"""T7: a discriminator at chance does not prove a good generator."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor

from genbench.claims import Budget, Claim, Experiment, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean, Within
from genbench.claims.designs.two_distributions import PointSampler, TwoDistributions, mixture, no_data, scores
from genbench.engine.trained import Trained
from genbench.tasks.planar import ring8
from genbench.tasks.truths import Mixture

DEPTHS = {"linear": 0, "two hidden layers": 2}
POINTS = 2500
SIGMA = 0.01

WEAK = ("discriminator", "linear")


def _tests(name: str) -> list[Mean]:
    """A linear discriminator is fooled by the generator, which misses most modes."""
    fooled, missed = f"accuracy of a linear D, {name}", f"share of modes captured, {name}"
    return [
        Within("accuracy", name, None, "above", 0.45, fooled, only=WEAK, high=0.55),
        Mean("captured", name, None, "below", 0.5, missed, only=WEAK),
    ]


FOOLED = drawing.Panel("accuracy", "accuracy", mark=(0.5, "chance"), legend=False, limits=(0.35, 1.05))
ARMS = Arms(
    "generator",
    tests=tuple(test for name in ("two modes", "broad Gaussian") for test in _tests(name)),
    panels=tuple(
        replace(FOOLED, title=f"{name} discriminator", only=("discriminator", name)) for name in DEPTHS
    ),
    others=("the data",),
)


@claims.register("T7")
def chance_is_not_enough() -> Claim:
    """A discriminator at chance does not prove that the generator is good."""
    return Claim(
        id="T7",
        slug="chance-is-not-enough",
        statement="A discriminator that does no better than guessing may just be weak: it is no proof that "
        "samples are like the data.",
        sources=(Source("L1", "Taking turns: Nash Equilibrium"), Source("L0", "Taking turns")),
        hypothesis="Against a generator that has collapsed to two modes of eight, and against one broad "
        "Gaussian, a linear discriminator stays at an accuracy of one half, though most modes are missing.",
        test="Discriminators trained on ring8 against the two fixed generators. By generator: mean "
        "accuracy of the linear one on fresh samples within [.45, .55] (two one-sided t-tests over seeds) "
        "and share of the eight modes captured with at least an eighth of their due, mean below .5 "
        "(t-test). All four must hold.",
        lesson="Accuracy near one half is necessary at the equilibrium, and worthless without knowing "
        "how able the discriminator is. A net with two hidden layers sees through the collapsed "
        "generator at once and through the broad Gaussian more slowly, as the figure shows. Look "
        "at the samples, or count modes.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=150, size=256),
        full=Budget(seeds=16, steps=1200, size=256),
        **ARMS.parts,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns generator, discriminator, seed, accuracy, captured (share of modes); `size` is the batch."""
    parts = [_judged(name, depth, budget) for name in _distributions() for depth in DEPTHS]
    return pd.concat(parts, ignore_index=True)


def _distributions() -> dict[str, PointSampler]:
    ring = _truth().centers
    covariance_sigma = float(ring.square().sum(1).mean() / 2) ** 0.5
    return {
        "two modes": mixture(ring[[0, 4]].tolist(), SIGMA),
        "broad Gaussian": mixture([[0.0, 0.0]], covariance_sigma),
        "the data": mixture(ring.tolist(), SIGMA),
    }


def _judged(name: str, discriminator: str, budget: Budget) -> pd.DataFrame:
    distributions = _distributions()
    model = TwoDistributions(distributions["the data"], distributions[name], depth=DEPTHS[discriminator])
    trained = Trained.of(model, no_data(2), budget.seeds, budget.steps, budget.size)
    rows = []
    for seed in range(budget.seeds):
        source = torch.Generator().manual_seed(seed)
        real, fake = (_drawn(distributions[distribution], source) for distribution in ("the data", name))
        right = [(scores(trained, seed, real) > 0), (scores(trained, seed, fake) <= 0)]
        accuracy = float(torch.cat(right).double().mean())
        rows.append((name, discriminator, seed, accuracy, _captured(fake)))
    return pd.DataFrame(rows, columns=["generator", "discriminator", "seed", "accuracy", "captured"])


def _drawn(distribution: PointSampler, source: torch.Generator) -> Tensor:
    return distribution(torch.rand(POINTS, generator=source), torch.randn(POINTS, 2, generator=source))


def _captured(x: Tensor) -> float:
    """Share of modes that have at least an eighth of their due within three σ."""
    near = torch.cdist(x, _truth().centers) <= 3 * SIGMA
    return float((near.sum(0) >= POINTS / 64).double().mean())


def _truth() -> Mixture:
    truth = ring8().truth
    assert isinstance(truth, Mixture)
    return truth
