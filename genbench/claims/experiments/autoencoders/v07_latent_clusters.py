"""V7: codes cluster by category, though no labels were used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.autoencoders import codes
from genbench.claims.designs.standard_runs import AUTOENCODER, DENSE_FAST, DENSE_FULL, on_digits
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement, Standing

NEIGHBOURS = 10
PURE = 0.5
"""Purity that clusters must exceed; chance is a tenth on digits."""

BEHIND = -0.05
"""How far behind a linear map of the same dimension they may be."""


@claims.register("V7", cite="kingma2014vae")
def latent_clusters() -> Claim:
    """Codes cluster by category without any labels."""
    return Claim(
        id="V7",
        slug="latent-clusters",
        statement="The codes of images cluster by category, though training used no labels.",
        sources=(Source("L2", "Embeddings and Latent codes"),),
        hypothesis="The nearest neighbours of a held-out image's code mostly show the same digit, no "
        "less often than after a linear projection to as many dimensions.",
        test=f"Posterior means of a VAE on held-out digits: share of the {NEIGHBOURS} nearest "
        f"neighbours of the same class, mean over seeds above {PURE} (chance is .10), and that share "
        f"minus the one of as many principal components, mean above {BEHIND} (t-tests). Both must hold.",
        lesson="Classes cluster in the codes if they cluster in the data. Compare with principal "
        "components before crediting the autoencoder with discovering categories.",
        evidence=Runs(suite, measure),
        fast=DENSE_FAST,
        full=DENSE_FULL,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> Sequence[Comparison]:
    """The VAE."""
    return [on_digits("vae", AUTOENCODER, budget.seeds, budget.steps)]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns space (``VAE`` or ``components``), seed, purity."""
    rows = []
    for run, seed, mean, _ in codes(results):
        task = run.ensemble.task
        assert task.held_out_labels is not None
        linear = components(task.to_float(task.train), task.to_float(task.held_out), mean.shape[1])
        rows += [
            ("VAE", seed, purity(mean, task.held_out_labels)),
            ("components", seed, purity(linear, task.held_out_labels)),
        ]
    return pd.DataFrame(rows, columns=["space", "seed", "purity"])


def purity(points: Tensor, labels: Tensor) -> float:
    """Share of the nearest neighbours of each point that have its label, (n, d), (n,)."""
    distance = torch.cdist(points.double(), points.double()).fill_diagonal_(torch.inf)
    nearest = distance.topk(NEIGHBOURS, largest=False).indices
    return float((labels[nearest] == labels[:, None]).double().mean())


def components(train: Tensor, held_out: Tensor, count: int) -> Tensor:
    """The leading principal components of `train`, of held-out examples: (m, count)."""
    train, held_out = train.flatten(1).double(), held_out.flatten(1).double()
    directions = torch.linalg.svd(train - train.mean(0), full_matrices=False).Vh[:count]
    return (held_out - train.mean(0)) @ directions.T


def judge(frame: pd.DataFrame) -> Judgement:
    """Purity, and what it is worth beside a linear map."""
    table = frame.pivot(index="seed", columns="space", values="purity")
    return decisions.all_of(
        decisions.mean(table["VAE"], "above", PURE, "purity of the VAE's codes"),
        decisions.mean(table["VAE"] - table["components"], "above", BEHIND, "purity, VAE − components"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Purity in both spaces."""
    drawn, (ax,) = drawing.panels()
    drawing.dots(ax, frame, "space", "purity")
    drawing.reference(ax, 0.1, "chance")
    ax.set(ylabel="neighbours of the same class", ylim=(0, 1))
    ax.legend(fontsize=7)
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """Clustered, scattered, and about as far behind as is allowed."""

    def made(vae: float, linear: float, spread: float) -> pd.DataFrame:
        rows = [("VAE", seed, vae + spread * (seed - 3.5)) for seed in range(8)]
        rows += [("components", seed, linear) for seed in range(8)]
        return pd.DataFrame(rows, columns=["space", "seed", "purity"])

    return {
        "supported": made(0.8, 0.7, 0.01),
        "refuted": made(0.3, 0.7, 0.01),
        "inconclusive": made(0.65, 0.7, 0.03),
    }
