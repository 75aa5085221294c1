"""V2: reconstruction alone spreads codes apart, KL alone piles them up, both together give a usable space."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.autoencoders import KINDS, codes, ended_by_kind, kind
from genbench.claims.designs.standard_runs import AUTOENCODER, DENSE_NETS, on_digits
from genbench.models.vae import Vae

SPREAD = float(np.log(2))
PILED = float(np.log(0.1))
FARTHER = 0.1

ARMS = Arms(
    "variant",
    tests=(
        Mean(
            "spread",
            "autoencoder",
            "VAE",
            "above",
            SPREAD,
            "ln spread of codes, reconstruction alone ÷ VAE",
            log=True,
        ),
        Mean("spread", "KL alone", "VAE", "below", PILED, "ln spread of codes, KL alone ÷ VAE", log=True),
        *(
            Mean("score", name, "VAE", "above", FARTHER, f"ln Fréchet, {name} ÷ VAE", log=True)
            for name in ("autoencoder", "KL alone")
        ),
    ),
    panels=(
        drawing.Panel("spread", "variance of codes", log=True, small=7),
        drawing.Panel("error", "reconstruction error", log=True, small=7),
        drawing.Panel("score", "frechet_lenet@1k ↓", log=True, small=7),
    ),
)


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
        **DENSE_NETS,
        **ARMS.parts,
    )


def suite(budget: Budget) -> list[Comparison]:
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
