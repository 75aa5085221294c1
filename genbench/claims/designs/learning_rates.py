"""The grid of methods and learning rates on which claims about stability are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import drawing
from genbench.claims.claim import Budget
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.standard_runs import QUALITY, RATES, on_points
from genbench.report import style
from genbench.store import Results
from genbench.suite import Comparison


def grid(models: Sequence[str], budget: Budget, **more: Any) -> list[Comparison]:
    """Each model on ring8 at every rate; `more` are further options."""
    return [on_points(name, budget.seeds, budget.steps, sweep={"rate": RATES}, **more) for name in models]


def outcomes(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns model, architecture, rate, seed, score (lower is better), diagnosed."""
    ended = final_scores(results, ["architecture", "rate"])
    wanted = ["model", "architecture", "rate", "seed", "score", "diagnosed"]
    return ended.rename(columns={QUALITY["ring8"]: "score"})[wanted]


def failed(frame: pd.DataFrame, model: str) -> pd.Series[bool]:
    """Whether each seed of a model failed, over all rates; without those that ran too short to tell."""
    return frame.loc[frame["model"] == model, "diagnosed"].dropna().astype(bool)


def figure(frame: pd.DataFrame) -> Figure:
    """Share of failed seeds, and scores, over learning rates, a line a method and kind of nets."""
    drawn, (left, right) = drawing.panels(2)
    frame = frame.assign(method=_methods(frame))
    for place, (method, own) in enumerate(frame.groupby("method", sort=False)):
        share = own.groupby("rate")["diagnosed"].mean()
        left.plot(
            share.index, share.to_numpy(), "o-", color=style.SERIES[place], label=str(method), markersize=3
        )
    drawing.lines(right, frame.dropna(subset="score"), "rate", "score", by="method", legend=False)
    left.set(xscale="log", xlabel="learning rate", ylabel="share of seeds diagnosed", ylim=(-0.05, 1.05))
    right.set(xscale="log", yscale="log", xlabel="learning rate", ylabel=f"{QUALITY['ring8']} ↓")
    left.legend(fontsize=7)
    return drawn


def _methods(frame: pd.DataFrame) -> pd.Series[str]:
    """Models, with their architecture where there are several."""
    if "architecture" not in frame or frame["architecture"].nunique() < 2:
        return frame["model"]
    return frame["model"] + ", " + frame["architecture"]


def made_up(
    rates: Mapping[str, float],
    scores: Mapping[str, float] | None = None,
    spread: float = 0.1,
    seeds: int = 16,
) -> pd.DataFrame:
    """Invented evidence: methods that fail in these shares of their seeds, evenly over learning rates."""
    rng, parts = np.random.default_rng(0), []
    for model, share in rates.items():
        rows = [(rate, seed) for rate in RATES for seed in range(seeds)]
        frame = pd.DataFrame(rows, columns=["rate", "seed"])
        level = (scores or {}).get(model, 1.0)
        noise = spread * (1 + 9 * share) * rng.standard_normal(len(frame))
        told = np.arange(len(frame)) < round(share * len(frame))
        parts.append(
            frame.assign(model=model, architecture="mlp", score=level * np.exp(noise), diagnosed=told)
        )
    return pd.concat(parts, ignore_index=True)
