"""G15: no number of discriminator steps is best everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from genbench.claims import Budget, Claim, Comparison, Examples, Results, Runs, Source, decisions, drawing
from genbench.claims.designs.arms import Mean
from genbench.claims.designs.standard_runs import DENSE, IMAGE_SEEDS, ON_POINTS, on_digits, on_points, quality
from genbench.claims.designs.variants import WORTH, made_up, scored
from genbench.registry import claims
from genbench.types import Judgement

STEPS = (1, 2, 5)
TASKS = ("ring8", "grid25", "digits")


@claims.register("G15", cite="goodfellow2014gan")
def critic_steps() -> Claim:
    """Some find one discriminator step more stable, others more than one: there is no best rule."""
    return Claim(
        id="G15",
        slug="critic-steps",
        statement="How many steps the discriminator should make for each one of the generator has no "
        "best rule: no number is best everywhere.",
        sources=(Source("L2", "Training GANs: Two-player game"), Source("L0", "Simple Training Approach")),
        hypothesis="With as many updates in all, each of k = 1, 2, 5 loses to another k on at least "
        "one of three tasks.",
        test="GANs on ring8, grid25 and digits with k discriminator steps, as many updates of a net in "
        "all for every k. For each k, over the tasks and the other two: ln(its score ÷ the other's), "
        f"paired by seed, mean above {WORTH} somewhere (t-tests, Bonferroni over the six). It must hold "
        "for every k; it is refuted if one k never loses by that much.",
        lesson="At equal cost more steps for the discriminator mean fewer for the generator. Treat k "
        "as one more number to be tuned for the problem at hand, together with the learning rates.",
        evidence=Runs(suite, measure),
        **ON_POINTS,
        judge=judge,
        figure=figure,
        examples=examples,
    )


def suite(budget: Budget) -> list[Comparison]:
    """A run a task and k; k + 1 updates a step."""
    runs = []
    for k in STEPS:
        steps = 2 * budget.steps // (k + 1)
        runs += [on_points("gan", budget.seeds, steps, task=task, critic_steps=k) for task in TASKS[:2]]
        runs.append(on_digits("gan", DENSE, IMAGE_SEEDS, steps, critic_steps=k))
    return runs


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns of `scored`, variants named by k."""
    return scored(results, lambda run: f"k = {run['critic_steps']}")


def judge(frame: pd.DataFrame) -> Judgement:
    """For each k the place where it loses most clearly."""
    parts = [[loss.judge(frame, "variant") for loss in _losses(k)] for k in STEPS]
    return decisions.all_of(*(decisions.any_of(*of_k) for of_k in parts))


def _losses(k: int) -> list[Mean]:
    """The places at which k may lose to another: the other steps on every task."""
    places = [(task, f"k = {other}") for task in sorted(TASKS) for other in STEPS if other != k]
    own, loss = f"k = {k}", f"ln score, k = {k}"
    return [
        Mean("score", own, other, "above", WORTH, f"{loss} ÷ {other}, {task}", log=True, only=("task", task))
        for task, other in places
    ]


def figure(frame: pd.DataFrame) -> Figure:
    """A panel a task."""
    return drawing.groups(frame, "variant", *map(quality, TASKS))


def examples() -> Examples:
    """Each k loses somewhere; one never does; and noise."""

    def made(scores: Sequence[Sequence[float]], spread: float = 0.05) -> pd.DataFrame:
        parts = [
            made_up({f"k = {k}": own[i] for i, k in enumerate(STEPS)}, spread=spread, task=task)
            for task, own in zip(TASKS, scores, strict=True)
        ]
        return pd.concat(parts, ignore_index=True)

    return {
        "supported": made([(1.0, 2.0, 3.0), (3.0, 2.0, 1.0), (1.0, 2.0, 3.0)]),
        "refuted": made([(1.0, 2.0, 3.0)] * 3),
        "inconclusive": made([(1.0, 1.0, 1.0)] * 3, spread=0.9),
    }
