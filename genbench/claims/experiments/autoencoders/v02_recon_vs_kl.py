"""V2: reconstruction alone spreads codes apart, KL alone piles them up, both together give a usable space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.autoencoders import KINDS, codes, ended_by_kind, kind
from genbench.claims.designs.standard_runs import AUTOENCODER, DENSE_FAST, DENSE_FULL, on_digits
from genbench.claims.designs.variants import gain
from genbench.models.vae import Vae
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

SPREAD = float(np.log(2))
PILED = float(np.log(0.1))
FARTHER = 0.1


@claims.register("V2", cite="kingma2014vae")
def reconstruction_against_kl() -> Claim:
    """Reconstruction spreads the codes, the KL term pulls them together, and a VAE needs both."""
    return Claim(
        id="V2",
        slug="recon-vs-kl",
        statement="The reconstruction term alone spreads the codes of images apart, the KL term alone "
        "pushes all of them to the prior, and both together give a space that one can draw from.",
        sources=(Source("L4", "Why Autoencoder?"),),
        hypothesis="The means of codes vary more without the KL term than in a VAE and hardly at all "
        "without reconstruction, and samples are worse without either.",
        test="Three trainings of the same nets on digits, paired by seed. ln(total variance of "
        f"held-out means ÷ that of the VAE): mean above {SPREAD:.2f} for reconstruction alone and below "
        f"{PILED:.2f} for the KL alone; ln(Fréchet distance ÷ that of the VAE), mean above {FARTHER} "
        "for each (t-tests). All four must hold.",
        lesson="The two terms want opposite things. Without KL codes have no reason to lie where one "
        "draws; without reconstruction they lie there and say nothing.",
        evidence=Runs(suite, measure),
        fast=DENSE_FAST,
        full=DENSE_FULL,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """Reconstruction alone, KL alone, both."""
    return [on_digits("vae", AUTOENCODER, budget.seeds, budget.steps, **own) for own in KINDS.values()]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns variant, seed, score (Fréchet distance), spread (variance of means), error (mean square)."""
    rows = []
    for run, seed, mean, _ in codes(results):
        model, task = run.ensemble.model, run.ensemble.task
        assert isinstance(model, Vae)
        nets = run.ensemble.nets(run.state, run.ensemble.seeds.index(seed))
        with torch.no_grad():
            error = (model.decoded(task, nets, mean) - task.to_float(task.held_out)).square().mean()
        rows.append((kind(run.options), seed, float(mean.double().var(0).sum()), float(error)))
    measured = pd.DataFrame(rows, columns=["variant", "seed", "spread", "error"])
    return ended_by_kind(results)[["variant", "seed", "score"]].merge(measured, on=["variant", "seed"])


def judge(frame: pd.DataFrame) -> Judgement:
    """Spread and samples of both halves against the whole."""
    apart = gain(frame, "VAE", "autoencoder", "spread")
    piled = gain(frame, "VAE", "KL alone", "spread")
    return decisions.all_of(
        decisions.mean(apart, "above", SPREAD, "ln spread of codes, reconstruction alone ÷ VAE"),
        decisions.mean(piled, "below", PILED, "ln spread of codes, KL alone ÷ VAE"),
        *(
            decisions.mean(gain(frame, "VAE", name), "above", FARTHER, f"ln Fréchet, {name} ÷ VAE")
            for name in ("autoencoder", "KL alone")
        ),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Spread, reconstruction error and sample quality."""
    drawn, axes = drawing.panels(3)
    labels = {"spread": "variance of codes", "error": "reconstruction error", "score": "frechet_lenet@1k ↓"}
    for ax, (column, label) in zip(axes, labels.items(), strict=True):
        drawing.dots(ax, frame, "variant", column)
        ax.set(ylabel=label, yscale="log")
        ax.tick_params("x", labelsize=7)
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """As claimed; codes that do not spread; and samples that are unclear."""

    def made(spread: float, quality: float, noise: float = 0.02) -> pd.DataFrame:
        rows = [
            (name, seed, score * np.exp(noise * (seed - 3.5)), own, 0.1)
            for name, score, own in (
                ("autoencoder", quality, spread),
                ("KL alone", 3.0, 1e-4),
                ("VAE", 1.0, 8.0),
            )
            for seed in range(8)
        ]
        frame = pd.DataFrame(rows, columns=["variant", "seed", "score", "spread", "error"])
        flat = frame["variant"] == "VAE"
        return frame.assign(score=frame["score"].where(~flat, 1.0))

    return {
        "supported": made(100.0, 3.0),
        "refuted": made(8.0, 3.0),
        "inconclusive": made(100.0, 1.1, noise=0.5),
    }
