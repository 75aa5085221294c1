"""U2: generated data can train a supervised model."""

from __future__ import annotations

import pandas as pd

from genbench.claims import Budget, Claim, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import DENSE_NETS, gan_and_vae

METRIC = "classification_accuracy@1k"
AS_GOOD = 0.9
"""Share of the accuracy from real data that synthetic data must reach."""

ARMS = Arms(
    "model",
    tests=tuple(
        Mean("accuracy", name, None, "above", AS_GOOD, f"accuracy, samples of {name} ÷ real", over="real")
        for name in ("gan", "vae")
    ),
    panels=(drawing.Panel("accuracy", "held-out accuracy", mark=("real", "real images"), limits=(0, 1)),),
)


@claims.register("U2", cite="ravuri2019cas")
def synthetic_training() -> Claim:
    """Generated data can be used to train a supervised model."""
    return Claim(
        id="U2",
        slug="synthetic-training",
        statement="Generated data can be used to train a supervised model.",
        sources=(Source("L4", "Why do generative modelling?"), Source("L2", "Endless possibilities!")),
        hypothesis="A classifier that learned from samples alone is nearly as good on real data as one "
        "that learned from as many real images.",
        test="A thousand samples of a GAN and of a VAE on digits, labelled by a fixed classifier; a "
        "logistic regression learns from them and is tested on held-out digits. Its accuracy over that "
        f"of one from as many real images, labelled alike: mean over seeds above {AS_GOOD} for both "
        "models (t-tests).",
        lesson="What the generator never draws, the classifier never learns: samples of the VAE teach 87 "
        "% of what real images do, those of a small GAN that oscillates less than half. The "
        "labels come from a classifier that has seen real data, so this says what samples are "
        "worth, not that labels come free.",
        evidence=Runs(gan_and_vae, measure),
        **DENSE_NETS,
        **ARMS.parts,
    )


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, seed, accuracy, real (accuracy from real images)."""
    real = results.records["anchors"].iloc[0][METRIC]["real"]
    frame = final_scores(results).rename(columns={METRIC: "accuracy"})
    return frame[["model", "seed", "accuracy"]].fillna({"accuracy": 0}).assign(real=real)
