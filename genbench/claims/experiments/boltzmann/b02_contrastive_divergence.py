"""B2: contrastive divergence approximates maximum likelihood, better with more steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, softmax

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.registry import claims

Values = NDArray[np.float64]

VISIBLE, HIDDEN, PATTERNS = 8, 6, 6
STEPS_OF_CD = (1, 2, 5, 10, 25)
RATE = 0.2
LOOKS = 5
"""Points along maximum-likelihood training at which gradients are compared."""

STATES: Values = (np.arange(2**VISIBLE)[:, None] >> np.arange(VISIBLE) & 1).astype(float)
HIDDEN_STATES: Values = (np.arange(2**HIDDEN)[:, None] >> np.arange(HIDDEN) & 1).astype(float)


@claims.register("B2", cite="hinton2002cd")
def contrastive_divergence() -> Claim:
    """Contrastive divergence approximates maximum likelihood."""
    return Claim(
        id="B2",
        slug="cd-approximates-ml",
        statement="Contrastive divergence, which runs the Gibbs chain for k steps only, approximates "
        "maximum likelihood; the more steps, the better.",
        sources=(Source("L0", "Deep Generative Models, 2006"),),
        hypothesis="In a machine small enough to enumerate, the expected gradient of CD-1 points nearly "
        "where that of the likelihood does, and the exact log-likelihood that training with CD-k reaches "
        "rises with k.",
        test="Machines of 8 by 6 units on random patterns, everything by enumeration. By seed: cosine of "
        "the CD-1 and the exact gradient, mean over training, above .7 (t-test); cosine and log-likelihood "
        "reached rise with k ∈ {1, 2, 5, 10, 25}: mean Spearman ρ above .5 each (Page's trend tests). All "
        "three must hold.",
        lesson="CD is biased and still goes mostly in the right direction, more so early in training, when "
        "the chain mixes fast. The bias grows with the weights; more steps, or a persistent chain, are the "
        "remedy, at k times the price.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=300),
        full=Budget(seeds=16, steps=1000),
        judge=judge,
        figure=figure,
        examples=examples,
    )


@dataclass(frozen=True)
class Exact:
    """A machine with all of its distribution at hand.

    Attributes:
        weight, visible, hidden: W (V, H) and biases.
    """

    weight: Values
    visible: Values
    hidden: Values

    def log_probabilities(self) -> Values:
        """log p(v) of every visible state."""
        score = STATES @ self.visible + np.logaddexp(0, STATES @ self.weight + self.hidden).sum(1)
        return np.asarray(score - logsumexp(score))

    def chained(self, p: Values, k: int) -> Values:
        """Distribution of visible states k Gibbs steps after `p`."""
        up = softmax((STATES @ self.weight + self.hidden) @ HIDDEN_STATES.T, axis=1)
        down = softmax((HIDDEN_STATES @ self.weight.T + self.visible) @ STATES.T, axis=1)
        for _ in range(k):
            p = p @ up @ down
        return p

    def statistics(self, p: Values) -> tuple[Values, Values, Values]:
        """Expected v hᵀ, v and h under a distribution of visible states."""
        hidden = expit(STATES @ self.weight + self.hidden)
        return (p[:, None] * STATES).T @ hidden, p @ STATES, p @ hidden

    def gradient(self, data: Values, model: Values) -> tuple[Values, Values, Values]:
        """Statistics of the data minus those of the model, a distribution of visible states."""
        positive, negative = self.statistics(data), self.statistics(model)
        weight, visible, hidden = (a - b for a, b in zip(positive, negative, strict=True))
        return weight, visible, hidden

    def moved(self, gradient: tuple[Values, Values, Values]) -> Exact:
        """After one step along a gradient."""
        return Exact(*(a + RATE * b for a, b in zip(vars(self).values(), gradient, strict=True)))


def measure(budget: Budget) -> pd.DataFrame:
    """Tidy: quantity (``cosine``, ``bias`` or ``log_likelihood``), seed, look, k, value.

    `bias` is the length of the difference over that of the exact gradient; k = 0 is the exact gradient.
    """
    rows = [
        row
        for seed in range(budget.seeds)
        for row in [*_compared(seed, budget.steps), *_reached(seed, budget.steps)]
    ]
    return pd.DataFrame(rows, columns=["quantity", "seed", "look", "k", "value"])


def judge(frame: pd.DataFrame) -> Judgement:
    """Direction of CD-1, and what more steps bring."""
    tables = {
        name: own.pivot_table(index="seed", columns="k", values="value")[list(STEPS_OF_CD)]
        for name, own in frame.groupby("quantity")
    }
    return decisions.all_of(
        decisions.mean(tables["cosine"][1], "above", 0.7, "cosine of CD-1 and exact gradient"),
        decisions.trend(tables["cosine"], "above", 0.5, "Spearman ρ of the cosine with k"),
        decisions.trend(
            tables["log_likelihood"], "above", 0.5, "Spearman ρ of the log-likelihood reached with k"
        ),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Cosine, bias and log-likelihood against the number of steps."""
    drawn, axes = drawing.panels(3)
    labels = {
        "cosine": "cosine with the exact gradient",
        "bias": "bias ÷ exact gradient",
        "log_likelihood": "log-likelihood reached, nats",
    }
    for ax, (name, label) in zip(axes, labels.items(), strict=True):
        own = frame[(frame["quantity"] == name) & (frame["k"] > 0)]
        drawing.lines(ax, own.groupby(["seed", "k"])[["value"]].mean().reset_index(), "k", "value")
        ax.set(xscale="log", xlabel="k", ylabel=label)
    exact = frame.loc[(frame["quantity"] == "log_likelihood") & (frame["k"] == 0), "value"]
    drawing.reference(axes[2], float(exact.mean()), "exact gradient")
    return drawn


def examples() -> Examples:
    """A good approximation, a bad one, and one whose trend is unsure."""
    rng = np.random.default_rng(0)

    def made(cosine: float, gain: float) -> pd.DataFrame:
        start = {"cosine": cosine, "bias": 0.5, "log_likelihood": -3.0}
        frame = every(seed=range(16), quantity=start, k=(0, *STEPS_OF_CD)).assign(look=0)
        value = frame["quantity"].map(start) + gain * np.log(frame["k"].clip(lower=1))
        return frame.assign(value=value + 0.02 * rng.standard_normal(len(frame)))

    return {"supported": made(0.85, 0.04), "refuted": made(0.2, 0.04), "inconclusive": made(0.85, 0.008)}


def _start(seed: int) -> tuple[Exact, Values]:
    """A machine with small weights, and the data's distribution: some patterns, each bit at times flipped."""
    rng = np.random.default_rng(seed)
    patterns = rng.integers(0, 2, (PATTERNS, VISIBLE)).astype(float)
    flipped = np.abs(STATES[:, None] - patterns).sum(2)
    data = (0.05**flipped * 0.95 ** (VISIBLE - flipped)).mean(1)
    mean = np.clip(data @ STATES, 0.05, 0.95)
    machine = Exact(0.1 * rng.standard_normal((VISIBLE, HIDDEN)), np.log(mean / (1 - mean)), np.zeros(HIDDEN))
    return machine, data


def _chained(machine: Exact, data: Values, k: int) -> Values:
    """Distribution of the chain k steps from the data; the model's own for k = 0."""
    if k == 0:
        return np.exp(machine.log_probabilities())
    return machine.chained(data, k)


def _compared(seed: int, steps: int) -> list[tuple[object, ...]]:
    """Gradients along training by maximum likelihood."""
    machine, data = _start(seed)
    looks, rows = set(np.linspace(0, steps - 1, LOOKS).round().astype(int)), list[tuple[object, ...]]()
    for step in range(steps):
        exact = machine.gradient(data, _chained(machine, data, 0))
        if step in looks:
            flat = np.concatenate([part.ravel() for part in exact])
            for k in STEPS_OF_CD:
                own = np.concatenate(
                    [part.ravel() for part in machine.gradient(data, _chained(machine, data, k))]
                )
                cosine = flat @ own / np.linalg.norm(flat) / np.linalg.norm(own)
                rows.append(("cosine", seed, step, k, cosine))
                rows.append(("bias", seed, step, k, np.linalg.norm(own - flat) / np.linalg.norm(flat)))
        machine = machine.moved(exact)
    return rows


def _reached(seed: int, steps: int) -> list[tuple[object, ...]]:
    """Exact log-likelihood after training with the expected gradient of CD-k."""
    rows = list[tuple[object, ...]]()
    for k in (0, *STEPS_OF_CD):
        machine, data = _start(seed)
        for _ in range(steps):
            machine = machine.moved(machine.gradient(data, _chained(machine, data, k)))
        rows.append(("log_likelihood", seed, steps, k, data @ machine.log_probabilities()))
    return rows
