"""G3: a discriminator loss near zero, and a rising generator loss, mean convergence failure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.learning_rates import grid
from genbench.claims.designs.signals import Course, level, rise, with_signals
from genbench.claims.designs.standard_runs import ON_POINTS, QUALITY, on_points
from genbench.claims.experiments.adversarial_failures.g05_capacity import CRITIC_WIDTH, FAR, WIDTHS
from genbench.registry import claims
from genbench.types import Judgement

USEFUL = 0.7
"""Area under the ROC that a sign must exceed to be of use."""


@claims.register("G3")
def convergence_sign() -> Claim:
    """A discriminator loss near zero and a rising generator loss are the signs of convergence failure."""
    return Claim(
        id="G3",
        slug="convergence-failure-sign",
        statement="Convergence failure shows in a discriminator loss that goes to zero, and often in a "
        "generator loss that rises over the same time.",
        sources=(Source("L2", "Convergence Failure → D not fooled!"), Source("L2", "Convergence Failure")),
        hypothesis="Among healthy and impaired runs, those whose samples end far from the data have "
        "lower discriminator losses and generator losses that rose more.",
        test="GANs on ring8 over learning rates, with aggressive Adam, and with generators of few "
        f"units. A seed has failed if its sliced Wasserstein distance exceeds {FAR}. Areas under the "
        "ROC of minus the mean discriminator loss, and of the rise of the generator loss, both over "
        f"the second half of the run, above {USEFUL} each (DeLong). Both must hold. The slide's odd "
        "kernels are left out, since no bound between healthy and failed images was known in advance.",
        lesson="A small discriminator loss says that samples are told apart easily, which a weak "
        "generator makes easy. It is silent where both nets go round together, and those runs "
        "fail too, with losses as high as those of healthy runs. The generator's loss, which "
        "moves with its judge, says nothing at all here. Neither sign can say what is wrong.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
        checked="Looked at afterwards, the discriminator's loss is a good sign among generators of 2, 8 "
        "and 32 units, the failure that the slide means (area .98), and no sign where momentum .9 "
        "or a wide generator makes samples rotate. The areas near one half are those of a "
        "mixture. The rise of the generator's loss stays at .44 among the narrow ones too: their "
        "loss is high from early on and no longer rises in the second half of the run.",
    )


def suite(budget: Budget) -> list[Comparison]:
    """Healthy rates, momentum .9 at high rates, and generators of few units."""
    aggressive = {"rate": (1e-2, 3e-2)}
    return [
        *grid(["gan"], budget),
        on_points("gan", budget.seeds, budget.steps, sweep=aggressive, beta1=0.9),
        on_points("gan", budget.seeds, budget.steps, sweep={"width": WIDTHS}, critic_width=CRITIC_WIDTH),
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns rate, beta1, width, seed, score, critic (mean loss), rise (of the generator's loss)."""
    courses = {"critic": Course("critic/loss", level), "rise": Course("generator/loss", rise)}
    frame = with_signals(results, courses, ["rate", "beta1", "width"]).rename(
        columns={QUALITY["ring8"]: "score"}
    )
    return frame[["rate", "beta1", "width", "seed", "score", "critic", "rise"]]


def judge(frame: pd.DataFrame) -> Judgement:
    """Both signs as tests for samples that are far from the data."""
    known = frame.dropna()
    bad = known["score"] > FAR
    signs = {"minus mean critic loss": -known["critic"], "rise of the generator loss": known["rise"]}
    return decisions.all_of(
        *(
            decisions.auroc(sign[bad], sign[~bad], USEFUL, f"area under the ROC, {name}")
            for name, sign in signs.items()
        )
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Both signs against the distance to the data, a dot a seed."""
    drawn, axes = drawing.panels(2)
    labels = {"critic": "mean critic loss", "rise": "rise of the generator loss"}
    for ax, (name, label) in zip(axes, labels.items(), strict=True):
        ax.plot(frame["score"], frame[name], "o", markersize=3, alpha=0.5, markeredgewidth=0)
        drawing.reference(ax, FAR, "failed from here", axis="x")
        ax.set(xlabel=f"{QUALITY['ring8']}", ylabel=label, xscale="log")
    axes[1].set_yscale("symlog")
    axes[0].legend(fontsize=7)
    return drawn


def examples() -> Examples:
    """Signs that are there, that are the other way round, and that tell little."""
    rng = np.random.default_rng(0)

    def made(shift: float) -> pd.DataFrame:
        bad = np.arange(80) < 40
        frame = pd.DataFrame({"rate": 1e-3, "beta1": 0.5, "width": 64, "seed": np.arange(80)})
        noise = rng.standard_normal((2, 80))
        return frame.assign(
            score=np.where(bad, 0.8, 0.1), critic=1 - shift * bad + noise[0], rise=shift * bad + noise[1]
        )

    return {"supported": made(2.5), "refuted": made(-1.0), "inconclusive": made(0.8)}
