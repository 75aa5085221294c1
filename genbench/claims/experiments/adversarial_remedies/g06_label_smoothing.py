"""G6: label smoothing and label noise keep gradients alive under an overconfident discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.frozen_generator import generator_gradients
from genbench.claims.designs.standard_runs import ON_POINTS, POINTS, RATE, on_points
from genbench.models.gans import gan
from genbench.registry import claims
from genbench.tasks.planar import ring8
from genbench.types import Judgement

LABELS: Mapping[str, Mapping[str, Any]] = {
    "hard": {},
    "smoothed": {"smoothing": 0.1, "smoothed_sides": 2},
    "flipped": {"label_flips": 0.1},
}
CRITIC_STEPS = 400
RATES = (1e-3, 3e-3)
ALIVE = 2.0
FEWER = 0.1


@claims.register("G6", cite="salimans2016improved")
def label_smoothing() -> Claim:
    """Soft or noisy labels keep the generator's gradients alive when the discriminator is confident."""
    return Claim(
        id="G6",
        slug="label-smoothing",
        statement="Smoothed labels, ε and 1 − ε instead of 0 and 1, and noise on the labels keep the "
        "generator's gradient from vanishing when the discriminator is very confident, and so help "
        "training.",
        sources=(
            Source("L3", "Remedies"),
            Source("L1", "A bag of tricks from F. Chollet"),
            Source("L0", "A bag of tricks from F. Chollet"),
        ),
        hypothesis="Against a frozen generator a discriminator with soft or flipped labels leaves a "
        "larger minimax gradient than one with hard labels, and whole trainings fail less often.",
        test=f"After {CRITIC_STEPS} discriminator steps against a frozen generator on ring8: norm of "
        f"the minimax gradient over that with hard labels, median above {ALIVE:g} (Wilcoxon), for "
        "smoothing by .1 on both sides and for swapping 10 % of the labels. GANs on ring8 at two "
        "learning rates: share of failed seeds (as in G12) with hard labels minus that with soft, and "
        f"with flipped ones, above {FEWER} (Newcombe's interval, Fisher's test). All four must hold.",
        lesson="Soft labels bound the discriminator's scores, so the sigmoid does not saturate: the "
        "first half is arithmetic. Whether trainings fail for want of gradient is the second half, and "
        "another matter.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Three kinds of labels at two rates."""
    sweep = {"rate": RATES}
    return [on_points("gan", budget.seeds, budget.steps, sweep=sweep, **own) for own in LABELS.values()]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns variant, seed, quantity (``gradient``, ``training``), rate, value (norm, or 1 if failed)."""
    parts = []
    for name, own in LABELS.items():
        made = gan(rate=RATE, **POINTS["gan"], **own)
        frozen = generator_gradients(made, ring8(), budget.seeds, [CRITIC_STEPS], batch=64)
        norms = frozen.loc[frozen["loss"] == "saturating", ["seed", "norm"]].rename(columns={"norm": "value"})
        parts.append(norms.assign(variant=name, quantity="gradient", rate=RATE))
    ended = final_scores(results, ["smoothing", "label_flips", "rate"])
    smoothed, flipped = ended["smoothing"] > 0, ended["label_flips"] > 0
    kinds = np.where(smoothed, "smoothed", np.where(flipped, "flipped", "hard"))
    trained = ended[["seed", "rate"]].assign(
        variant=kinds, quantity="training", value=ended["diagnosed"].astype(float)
    )
    return pd.concat([*parts, trained], ignore_index=True)


def judge(frame: pd.DataFrame) -> Judgement:
    """What is left of the gradient, and who fails."""
    norms = frame[frame["quantity"] == "gradient"].pivot(index="seed", columns="variant", values="value")
    trained = frame[frame["quantity"] == "training"]
    told = {name: own.dropna() > 0 for name, own in trained.groupby("variant")["value"]}
    soft = [name for name in LABELS if name != "hard"]
    return decisions.all_of(
        *(
            decisions.median(
                norms[name] / norms["hard"], "above", ALIVE, f"minimax gradient, {name} ÷ hard labels"
            )
            for name in soft
        ),
        *(
            decisions.shares_differ(
                told["hard"], told[name], f"share that fails, hard − {name}", "above", FEWER
            )
            for name in soft
        ),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Gradient norms on the frozen pair, and shares of failures."""
    drawn, (left, right) = drawing.panels(2)
    drawing.dots(left, frame[frame["quantity"] == "gradient"], "variant", "value")
    left.set(ylabel="‖∇G‖, minimax, frozen pair", yscale="log")
    shares = frame[frame["quantity"] == "training"].groupby(["rate", "variant"])["value"].mean().unstack()
    for place, name in enumerate(LABELS):
        right.bar(np.arange(len(shares)) + 0.27 * (place - 1), shares[name], 0.25, label=name)
    right.set_xticks(range(len(shares)), [f"rate {rate:g}" for rate in shares.index])
    right.set(ylabel="share of seeds diagnosed", ylim=(0, 1.25))
    right.legend(fontsize=6, loc="upper center", ncols=3)
    return drawn


def examples() -> Examples:
    """Both halves hold; the gradient is no larger; trainings are unclear."""

    def made(gradient: float, hard: float, soft: float) -> pd.DataFrame:
        norms, trained = (
            every(variant=LABELS, seed=range(16)),
            every(variant=LABELS, seed=range(16), rate=RATES),
        )
        factor = np.where(norms["variant"] == "hard", 1.0, gradient)
        failed = trained["seed"] < 16 * np.where(trained["variant"] == "hard", hard, soft)
        norms = norms.assign(quantity="gradient", rate=RATE, value=0.01 * factor * (1 + norms["seed"] / 100))
        return pd.concat([norms, trained.assign(quantity="training", value=failed.astype(float))])

    return {
        "supported": made(10.0, 1.0, 0.0),
        "refuted": made(1.0, 1.0, 0.0),
        "inconclusive": made(10.0, 0.5, 0.4),
    }
