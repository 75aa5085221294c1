"""G20: the latent space of a GAN has no guarantee of continuity, a VAE's does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from genbench.claims import Budget, Claim, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.standard_runs import DENSE_NETS, gan_and_vae
from genbench.engine.trained import reopened
from genbench.metrics.path_length import spherical

PATHS, STOPS = 100, 65
ROUGHER = 0.1

ARMS = Arms(
    "model",
    tests=(Mean("roughness", "gan", "vae", "above", ROUGHER, "ln roughness, GAN ÷ VAE", log=True),),
    panels=(
        drawing.Panel("roughness", "longest step ÷ mean step"),
        drawing.Panel("length", "length of a path"),
    ),
)


@claims.register("G20", cite="karras2019stylegan")
def rough_latent_space() -> Claim:
    """A GAN's latent space has almost no guarantee of continuity, unlike a VAE's."""
    return Claim(
        id="G20",
        slug="rough-latent-space",
        statement="The latent space that a generator finds has almost no guarantee of continuity and "
        "structure, unlike a VAE's.",
        sources=(Source("L0", "Simple Training Approach"),),
        hypothesis="Along a path between two codes the images of a GAN change in jumps, those of a VAE "
        "evenly.",
        test=f"GAN and VAE on digits, 16 latent dimensions and the same widths. {PATHS} great circles "
        f"between random codes in {STOPS - 1} steps: longest step of the image over the mean step, mean "
        f"over paths. ln(GAN ÷ VAE), paired by seed, mean above {ROUGHER} (t-test).",
        lesson="Every such generator is a continuous function, so nothing really jumps; the question "
        "is how unevenly it moves. Neither model is asked for evenness by its loss, the VAE's noise on "
        "the codes comes nearest to it.",
        evidence=Runs(gan_and_vae, measure),
        **DENSE_NETS,
        **ARMS.parts,
    )


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, seed, roughness (longest over mean step), length (mean length of a path)."""
    rows = []
    for run in reopened(results):
        for row, seed in enumerate(run.ensemble.seeds):
            nets, model, task = run.nets[row], run.ensemble.model, run.ensemble.task
            start, codes = model.sampler(task).start, paths(run.options["latent"])
            with torch.no_grad():
                images = [start.of(nets, {"z": z}, task.asked(len(z))) for z in codes]
            steps = torch.stack(images).flatten(2).diff(dim=0).norm(dim=2)
            roughness = (steps.amax(0) / steps.mean(0).clamp_min(1e-12)).mean()
            rows.append((run.model, seed, float(roughness), float(steps.sum(0).mean())))
    return pd.DataFrame(rows, columns=["model", "seed", "roughness", "length"])


def paths(latent: int) -> list[Tensor]:
    """Codes at each stop of every path, the same for all models: `STOPS` tensors (PATHS, latent)."""
    generator = torch.Generator().manual_seed(0)
    start, end = torch.randn(2, PATHS, latent, generator=generator)
    return [spherical(start, end, torch.full((PATHS, 1), t)) for t in np.linspace(0, 1, STOPS).tolist()]
