"""G5: enough generator capacity cures convergence failure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import ON_POINTS, QUALITY, on_points
from genbench.registry import claims
from genbench.types import Judgement

WIDTHS = (2, 8, 32, 128)
CRITIC_WIDTH = 64
FAR = 0.3
"""Sliced Wasserstein distance above which samples have not converged to ring8; one mode alone is at .6."""

FEWER, CURED = 0.2, 0.2


@claims.register("G5")
def capacity() -> Claim:
    """A generator of insufficient capacity fails to converge; enough capacity is the cure."""
    return Claim(
        id="G5",
        slug="capacity-cure",
        statement="A generator of insufficient capacity makes training fail to converge, and "
        "sufficient capacity is the cure.",
        sources=(Source("L2", "Convergence Failure"),),
        hypothesis="With the discriminator fixed, generators of few units end far from the data, and "
        "wide ones hardly ever do.",
        test=f"GANs on ring8 whose generators have {', '.join(map(str, WIDTHS))} units a layer, the "
        f"discriminator {CRITIC_WIDTH}; a seed fails if its sliced Wasserstein distance exceeds {FAR}. "
        f"Share of failures of the narrowest minus the widest above {FEWER} (Newcombe's interval, "
        f"Fisher's test), and of the widest below {CURED} (binomial test). Both must hold.",
        lesson="Generators of two units cannot follow the ring, those of 8 and 32 mostly can, and those "
        "of 128 fail again, all of them, against a discriminator half as wide. More capacity is "
        "no cure by itself: it changes how fast the generator moves as well as what it can "
        "represent.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
        checked="All sixteen generators of 128 units end at distances of .37 to 1.05, collapsed and "
        "rotating by the detector; runs differ in the generator's width alone, and with 32 units "
        "the mean is .11. A lower learning rate does not mend it: at 3e-4 six of six seeds end at "
        ".68 to .96.",
    )


def suite(budget: Budget) -> list[Comparison]:
    """A run a width."""
    return [on_points("gan", budget.seeds, budget.steps, sweep={"width": WIDTHS}, critic_width=CRITIC_WIDTH)]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns width, seed, score; infinite where there is none."""
    frame = final_scores(results, ["width"]).rename(columns={QUALITY["ring8"]: "score"})
    return frame[["width", "seed", "score"]].fillna({"score": np.inf})


def judge(frame: pd.DataFrame) -> Judgement:
    """Failures of the narrowest and of the widest."""
    ends = frame["width"].min(), frame["width"].max()
    narrow, wide = (frame.loc[frame["width"] == width, "score"] > FAR for width in ends)
    return decisions.all_of(
        decisions.shares_differ(narrow, wide, "share that fails, narrowest − widest", "above", FEWER),
        decisions.share(wide, "below", CURED, "share of the widest that fails"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Distances by width."""
    label = f"{QUALITY['ring8']} ↓"
    shown = drawing.Panel("score", label, xlabel="generator's width", mark=(FAR, "failed above"), log=True)
    return drawing.groups(frame[np.isfinite(frame["score"])], "width", shown)


def examples() -> Examples:
    """Cured, not cured, and in between."""

    def made(*shares: float) -> pd.DataFrame:
        frame = every(width=WIDTHS, seed=range(16))
        failed = frame["seed"] < 16 * np.repeat(shares, 16)
        return frame.assign(score=np.where(failed, 0.8, 0.1))

    return {
        "supported": made(1, 0.5, 0, 0),
        "refuted": made(1, 1, 1, 1),
        "inconclusive": made(1, 0.5, 0.1875, 0.1875),
    }
