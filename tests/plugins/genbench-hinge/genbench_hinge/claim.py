"""A claim that comes with the plugin: the squared hinge loss is zero beyond its margin."""

from collections.abc import Mapping

import pandas as pd
import torch
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Experiment, Source, decisions, drawing
from genbench.types import Judgement, Standing
from genbench_hinge import squared_hinge_critic


def margin() -> Claim:
    """The hinge critic has nothing left to learn beyond its margin."""
    return Claim(
        id="H1",
        slug="hinge-margin",
        statement="The squared hinge loss is zero once real scores exceed 1 and fake ones lie below −1.",
        sources=(Source("L1", "There were a bunch go GANs proposed"),),
        hypothesis="On scores beyond the margin the loss is zero.",
        test="By seed: mean loss below .001 (t-test).",
        lesson="Beyond its margin the critic leaves no gradient to itself.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16),
        full=Budget(seeds=16),
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    losses = []
    for seed in range(budget.seeds):
        source = torch.Generator().manual_seed(seed)
        real, fake = torch.rand(2, 32, generator=source)
        losses.append(float(squared_hinge_critic(1 + real, -1 - fake)))
    return pd.DataFrame({"seed": range(budget.seeds), "loss": losses})


def judge(frame: pd.DataFrame) -> Judgement:
    return decisions.mean(frame["loss"], "below", 0.001, "hinge loss beyond the margin")


def figure(frame: pd.DataFrame) -> Figure:
    drawn, (ax,) = drawing.panels()
    drawing.dots(ax, frame.assign(group="hinge"), "group", "loss")
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    values = {
        "supported": [0.0, 0.0, 0.0, 0.0, 0.0],
        "refuted": [1.0, 1.1, 0.9, 1.0, 1.2],
        "inconclusive": [0.0, 0.003, 0.0, 0.001, 0.0],
    }
    return {outcome: pd.DataFrame({"seed": range(5), "loss": own}) for outcome, own in values.items()}
