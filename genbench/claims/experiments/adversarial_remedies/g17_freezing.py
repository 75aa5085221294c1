"""G17: freezing the player that is ahead helps."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import ON_POINTS, QUALITY, on_points
from genbench.registry import claims
from genbench.types import Judgement

FREEZE = 0.8
RATES = (1e-3, 3e-3)
FEWER = 0.1
"""How much smaller the share of failed seeds must be."""


@claims.register("G17")
def freezing() -> Claim:
    """Freezing the player that gets too strong keeps the game from degenerating."""
    return Claim(
        id="G17",
        slug="freezing",
        statement="When one of the two nets outpaces the other the game gets stuck; a simple remedy is "
        "to freeze the learning of the net that is getting too strong.",
        sources=(Source("L3", "Remedies"),),
        hypothesis="Fewer GANs fail if the discriminator stands still while its accuracy is high, and "
        "the generator while it is low.",
        test="GANs on ring8 at two learning rates, without freezing and with: the discriminator stands "
        f"still in steps where its batch accuracy exceeds {FREEZE}, the generator where its samples are "
        f"recognised less often than {1 - FREEZE:.1f}. Share of failed seeds (as in G12), without minus "
        f"with, above {FEWER} (Newcombe's interval, Fisher's test).",
        lesson="Freezing balances the speed of two players. Failures that come from the game itself, "
        "such as going round, it leaves alone.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> list[Comparison]:
    """Without and with, at two rates."""
    sweep = {"rate": RATES}
    return [
        on_points("gan", budget.seeds, budget.steps, sweep=sweep, freeze_above=above)
        for above in (None, FREEZE)
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns variant (``free`` or ``freezing``), rate, seed, score, diagnosed."""
    frame = final_scores(results, ["freeze_above", "rate"]).rename(columns={QUALITY["ring8"]: "score"})
    variant = frame["freeze_above"].notna().map({False: "free", True: "freezing"})
    return frame.assign(variant=variant)[["variant", "rate", "seed", "score", "diagnosed"]]


def judge(frame: pd.DataFrame) -> Judgement:
    """Failures without minus failures with."""
    told = {name: own.dropna() for name, own in frame.groupby("variant")["diagnosed"]}
    return decisions.shares_differ(
        told["free"], told["freezing"], "share that fails, free − freezing", "above", FEWER
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Scores by rate; below it stands what share failed."""
    drawn, axes = drawing.panels(len(RATES))
    for ax, rate in zip(axes, RATES, strict=True):
        own = frame[frame["rate"] == rate]
        drawing.dots(ax, own.dropna(subset="score"), "variant", "score")
        shares = own.groupby("variant")["diagnosed"].mean()
        said = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        ax.set(title=f"rate {rate:g}", xlabel=f"failed: {said}", yscale="log")
        ax.set_ylabel(f"{QUALITY['ring8']} ↓", fontsize=8)
    return drawn


def examples() -> Examples:
    """Fewer failures, more, and unclear."""

    def made(**failures: int) -> pd.DataFrame:
        frame = every(variant=failures, rate=RATES, seed=range(16))
        return frame.assign(score=0.1, diagnosed=frame["seed"] < frame["variant"].map(failures))

    return {
        "supported": made(free=12, freezing=2),
        "refuted": made(free=4, freezing=12),
        "inconclusive": made(free=8, freezing=5),
    }
