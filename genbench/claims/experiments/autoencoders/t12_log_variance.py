"""T12: learning the variance itself fails numerically where learning its logarithm does not."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import softplus

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.registry import claims

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
NOISE_VARIANCE = 1e-6
"""Of p(x | z): the smaller, the smaller the posterior's variance."""

DIM, CODES, WIDTH, BATCH, RATE = 8, 2, 32, 64, 1e-3

Reading = Callable[[Tensor], tuple[Tensor, Tensor]]
"""What an encoder's second output means: variance and log-variance."""

READINGS: dict[str, Reading] = {
    "log variance": lambda raw: (raw.exp(), raw),
    "variance, softplus": lambda raw: (softplus(raw), softplus(raw).log()),
    "variance, as it is": lambda raw: (raw, raw.log()),
}


@claims.register("T12", cite="kingma2014vae")
def log_variance() -> Claim:
    """Learn the logarithm of the variance, since the variance itself underflows."""
    return Claim(
        id="T12",
        slug="log-variance",
        statement="An encoder should give the logarithm of the posterior's variance: the variance itself "
        "underflows, and the loss with it.",
        sources=(Source("L0", "The Loss Function"),),
        hypothesis="On data whose posterior variance is tiny, trainings whose encoder gives a positive "
        "variance (by softplus) come to losses that are not finite more often than trainings whose encoder "
        "gives its logarithm.",
        test=f"Linear data with noise variance {NOISE_VARIANCE:g}, float32 and bfloat16: share of trainings "
        "with a loss or gradient that is not finite, softplus variance minus log variance, at least .1 "
        "(Newcombe's interval; Fisher's exact test).",
        lesson="What breaks in practice is not underflow but the sign: an output that is taken for a "
        "variance as it is turns negative and its logarithm is no number, which the figure shows. Made "
        "positive by softplus, the variance would have to fall below 10⁻³⁸ to underflow, and no posterior "
        "of ordinary data comes near that. The logarithm is still the better choice: any number is a valid "
        "one, and relative precision is the same at every scale.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, steps=150),
        full=Budget(seeds=32, steps=2000),
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns reading, precision, seed, failed, step (of the failure, else −1), smallest (variance met)."""
    parts = [_trained(reading, precision, budget) for reading in READINGS for precision in PRECISIONS]
    return pd.concat(parts, ignore_index=True)


def judge(frame: pd.DataFrame) -> Judgement:
    """Failures with a softplus variance against those with a log variance, both precisions together."""
    failed = {name: own["failed"] for name, own in frame.groupby("reading")}
    unit = "share of failed trainings, softplus variance − log variance"
    return decisions.shares_differ(failed["variance, softplus"], failed["log variance"], unit, "above", 0.1)


def figure(frame: pd.DataFrame) -> Figure:
    """Share of failed trainings, and the smallest variances that were met."""
    drawn, (left, right) = drawing.panels(2)
    table = frame.pivot_table(
        index="reading", columns="precision", values="failed", aggfunc="mean", sort=False
    )
    table.plot.barh(ax=left, color=["#0072b2", "#d55e00"], legend=True)
    left.set(xlabel="share of trainings that failed", ylabel="", xlim=(0, 1.05))
    whole = frame[~frame["failed"]]
    names = whole["reading"].str.replace(" ", "\n") + "\n" + whole["precision"]
    drawing.dots(right, whole.assign(name=names), "name", "smallest")
    right.set(yscale="log", ylabel="smallest variance met")
    right.tick_params(axis="x", labelsize=7)
    return drawn


def examples() -> Examples:
    """Failures with the variance, none at all, and too few to say."""

    def made(seeds: int, failures: int) -> pd.DataFrame:
        frame = every(reading=READINGS, precision=PRECISIONS, seed=range(seeds))
        failed = (frame["reading"] != "log variance") & (frame["seed"] < failures)
        return frame.assign(failed=failed, step=-1, smallest=1e-6)

    return {"supported": made(16, 10), "refuted": made(32, 0), "inconclusive": made(8, 1)}


def _trained(reading: str, precision: str, budget: Budget) -> pd.DataFrame:
    """Train all seeds side by side; what is not finite stays in its own seed."""
    of = PRECISIONS[precision]
    sources = [torch.Generator().manual_seed(seed) for seed in range(budget.seeds)]

    def drawn(*shape: int) -> Tensor:
        return torch.stack([torch.randn(*shape, generator=source) for source in sources])

    sizes = [(DIM, WIDTH), (WIDTH, 2 * CODES), (CODES, DIM)]
    weights = [(drawn(*size) / size[0] ** 0.5).to(of).requires_grad_() for size in sizes]
    biases = [torch.zeros(budget.seeds, 1, size[1], dtype=of, requires_grad=True) for size in sizes]
    optimizer = torch.optim.Adam([*weights, *biases], lr=RATE, eps=1e-6)
    mixing = drawn(CODES, DIM)
    died = torch.full((budget.seeds,), -1)
    smallest = torch.full((budget.seeds,), float("inf"))
    for step in range(budget.steps):
        x = (drawn(BATCH, CODES) @ mixing + NOISE_VARIANCE**0.5 * drawn(BATCH, DIM)).to(of)
        hidden = torch.tanh(x @ weights[0] + biases[0])
        mean, raw = (hidden @ weights[1] + biases[1]).chunk(2, dim=2)
        variance, logarithm = READINGS[reading](raw)
        z = mean + variance.sqrt() * drawn(BATCH, CODES).to(of)
        away = x - (z @ weights[2] + biases[2])
        kl = (mean.square() + variance - logarithm - 1).sum(2) / 2
        loss = (away.square().sum(2) / (2 * NOISE_VARIANCE) + kl).mean(1)
        optimizer.zero_grad()
        loss.sum().backward()
        slopes = [each.grad.flatten(1).sum(1) for each in (*weights, *biases) if each.grad is not None]
        whole = loss.isfinite() & torch.stack(slopes).isfinite().all(0)
        died = torch.where((died < 0) & ~whole, step, died)
        smallest = torch.where(
            died < 0, torch.minimum(smallest, variance.detach().float().amin((1, 2))), smallest
        )
        optimizer.step()
    columns = {"failed": died >= 0, "step": died, "smallest": smallest}
    return pd.DataFrame({"reading": reading, "precision": precision, "seed": range(budget.seeds), **columns})
