"""U2: generated data can train a supervised model."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Runs, Source
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import DENSE_FAST, DENSE_FULL, gan_and_vae
from genbench.registry import claims
from genbench.store import Results
from genbench.types import Judgement, Standing

METRIC = "classification_accuracy@1k"
AS_GOOD = 0.9
"""Share of the accuracy from real data that synthetic data must reach."""


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
        fast=DENSE_FAST,
        full=DENSE_FULL,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, seed, accuracy, real (accuracy from real images)."""
    real = results.records["anchors"].iloc[0][METRIC]["real"]
    frame = final_scores(results).rename(columns={METRIC: "accuracy"})
    return frame[["model", "seed", "accuracy"]].fillna({"accuracy": 0}).assign(real=real)


def judge(frame: pd.DataFrame) -> Judgement:
    """Accuracy from samples over accuracy from real images."""
    ratio = frame["accuracy"] / frame["real"]
    return decisions.all_of(
        *(
            decisions.mean(
                ratio[frame["model"] == name], "above", AS_GOOD, f"accuracy, samples of {name} ÷ real"
            )
            for name in sorted(set(frame["model"]))
        )
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Accuracies, with that from real images."""
    drawn, (ax,) = drawing.panels()
    drawing.dots(ax, frame, "model", "accuracy")
    drawing.reference(ax, float(frame["real"].iloc[0]), "real images")
    ax.set(ylabel="held-out accuracy", ylim=(0, 1))
    ax.legend(fontsize=7)
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """As good, far worse, and in between."""

    def made(level: float, spread: float) -> pd.DataFrame:
        rows = [(name, seed, level + spread * (seed - 3.5)) for name in ("gan", "vae") for seed in range(8)]
        return pd.DataFrame(rows, columns=["model", "seed", "accuracy"]).assign(real=0.95)

    return {"supported": made(0.92, 0.002), "refuted": made(0.5, 0.01), "inconclusive": made(0.86, 0.03)}
