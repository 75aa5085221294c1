"""V7: codes cluster by category, though no labels were used."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.autoencoders import codes
from genbench.claims.designs.standard_runs import AUTOENCODER, DENSE_NETS, on_digits

NEIGHBOURS = 10
PURE = 0.5
"""Purity that clusters must exceed; chance is a tenth on digits."""

BEHIND = -0.05
"""How far behind a linear map of the same dimension they may be."""

ARMS = Arms(
    "space",
    tests=(
        Mean("purity", "VAE", None, "above", PURE, "purity of the VAE's codes"),
        Mean("purity", "VAE", "components", "above", BEHIND, "purity, VAE − components"),
    ),
    panels=(drawing.Panel("purity", "neighbours of the same class", mark=(0.1, "chance"), limits=(0, 1)),),
)


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
        **DENSE_NETS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
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
