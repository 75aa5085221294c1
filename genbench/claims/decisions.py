"""Tests that claims are decided by; all give a `Judgement` by the same rule.

A claim names an effect, a threshold and a side before anything is measured. It is *supported* if the effect's
95 % interval lies beyond the threshold on that side and the one-sided p-value is below .05, *refuted* if the
interval lies on the other side, else *inconclusive*. A threshold other than zero is the smallest effect of
interest, so a claim is refuted too by an effect shown to be smaller than that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from genbench.report.statistics import share as wilson
from genbench.report.statistics import student
from genbench.types import Judgement, Standing

ALPHA = 0.05
FEWEST = 2
"""Values from which on there is a spread."""

Side = Literal["above", "below"]
_ALTERNATIVE: dict[Side, Any] = {"above": "greater", "below": "less"}


def outcome(low: float, high: float, p: float, side: Side, threshold: float) -> Standing:
    """The rule of this module for an interval, a p-value and the side that the claim is on."""
    if side == "below":
        low, high, threshold = -high, -low, -threshold
    if low > threshold and p < ALPHA:
        return "supported"
    return "refuted" if high < threshold else "inconclusive"


def mean(values: ArrayLike, side: Side, threshold: float, unit: str) -> Judgement:
    """The mean over seeds lies beyond the threshold: Student's one-sample test and interval.

    Differences paired by seed go in as values. Values that are all equal carry no spread to test with; then p
    is that of the sign test, 2^(−n). With fewer than two values nothing is decided.
    """
    x = _array(values)
    if len(x) < FEWEST:
        return _too_few(len(x), unit)
    value, low, high = student(x)
    if np.ptp(x) == 0:
        low = high = value
        beyond = value > threshold if side == "above" else value < threshold
        p = 0.5 ** len(x) if beyond else 1.0
    else:
        p = float(stats.ttest_1samp(x, threshold, alternative=_ALTERNATIVE[side]).pvalue)
    return Judgement(outcome(low, high, p, side, threshold), value, low, high, p, len(x), unit)


def median(values: ArrayLike, side: Side, threshold: float, unit: str) -> Judgement:
    """The median over seeds lies beyond the threshold: Wilcoxon's signed-rank test, bootstrap interval.

    For skewed values such as ratios or distances; take the mean for fewer than six seeds, which cannot be
    significant here.
    """
    x = _array(values)
    p = (
        float(stats.wilcoxon(x - threshold, alternative=_ALTERNATIVE[side]).pvalue)
        if np.any(x != threshold)
        else 1.0
    )
    low, high = _bootstrapped_median(x)
    return Judgement(outcome(low, high, p, side, threshold), float(np.median(x)), low, high, p, len(x), unit)


def within(values: ArrayLike, low_limit: float, high_limit: float, unit: str) -> Judgement:
    """The mean over seeds lies between two limits: two one-sided t-tests, p the larger of both."""
    above, below = mean(values, "above", low_limit, unit), mean(values, "below", high_limit, unit)
    p, low, high = max(above.p, below.p), above.ci_low, above.ci_high
    if "refuted" in (above.outcome, below.outcome):
        said: Standing = "refuted"
    else:
        said = "supported" if above.outcome == below.outcome == "supported" else "inconclusive"
    return Judgement(said, above.effect, low, high, p, above.seeds, unit)


def share(hits: ArrayLike, side: Side, threshold: float, unit: str, seeds: int | None = None) -> Judgement:
    """The share of cases that hold lies beyond the threshold: binomial test, Wilson's interval.

    With threshold .95 and all cases within an exact tolerance, this is how identities are judged; it takes 73
    cases to support one.

    Args:
        hits: a truth value a case.
        hits: a truth value a case; fewer than two decide nothing.
        seeds: independent repetitions behind the cases; as many as cases if None.
    """
    held = np.asarray(hits, dtype=bool)
    n, k = len(held), int(held.sum())
    if n < FEWEST:
        return _too_few(n, unit)
    value, low, high = wilson(k, n)
    p = float(stats.binomtest(k, n, threshold, alternative=_ALTERNATIVE[side]).pvalue)
    said = outcome(low, high, p, side, threshold)
    return Judgement(said, value, low, high, p, n if seeds is None else seeds, unit)


def shares_differ(
    a: ArrayLike, b: ArrayLike, unit: str, side: Side = "above", threshold: float = 0.0
) -> Judgement:
    """Share of `a` minus share of `b`: Newcombe's interval; Fisher's exact test of no difference.

    Args:
        a, b: a truth value a seed, such as whether it failed. Fewer than two of either decide nothing.
    """
    x, y = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    if min(len(x), len(y)) < FEWEST:
        return _too_few(min(len(x), len(y)), unit)
    first, second = wilson(int(x.sum()), len(x)), wilson(int(y.sum()), len(y))
    effect = first.value - second.value
    low = effect - math.hypot(first.value - first.low, second.high - second.value)
    high = effect + math.hypot(first.high - first.value, second.value - second.low)
    table = np.array([[x.sum(), (~x).sum()], [y.sum(), (~y).sum()]])
    p = float(stats.fisher_exact(table, alternative=_ALTERNATIVE[side]).pvalue)
    return Judgement(outcome(low, high, p, side, threshold), effect, low, high, p, min(len(x), len(y)), unit)


def trend(table: ArrayLike, side: Side, threshold: float, unit: str) -> Judgement:
    """Seeds (rows) rise, or fall, with the level (columns): mean of Spearman's ρ, p of Page's trend test.

    The interval is Student's over the seeds' own ρ. A seed without any change counts as ρ = 0.
    """
    x = np.asarray(table, dtype=float)
    rho = np.array([_spearman(row) for row in x])
    over_seeds = mean(rho, side, threshold, unit)
    p = float(stats.page_trend_test(x if side == "above" else x[:, ::-1], method="asymptotic").pvalue)
    p = max(p, over_seeds.p) if threshold else p
    said = outcome(over_seeds.ci_low, over_seeds.ci_high, p, side, threshold)
    return Judgement(said, over_seeds.effect, over_seeds.ci_low, over_seeds.ci_high, p, len(x), unit)


def auroc(positive: ArrayLike, negative: ArrayLike, threshold: float, unit: str) -> Judgement:
    """Area under the ROC of a score that should be higher for `positive`: DeLong's interval and z-test.

    Where the two are parted completely DeLong's variance is zero; then interval and p are those of as many
    binomial trials as the smaller group has members. With fewer than two of either nothing is decided.
    """
    x, y = _array(positive), _array(negative)
    if min(len(x), len(y)) < FEWEST:
        return _too_few(len(x) + len(y), unit)
    wins = (np.sign(x[:, None] - y) + 1) / 2
    area = float(wins.mean())
    if area in (0.0, 1.0):
        n = min(len(x), len(y))
        _, low, high = wilson(round(area * n), n)
        p = float(stats.binomtest(round(area * n), n, threshold, alternative="greater").pvalue)
    else:
        error = math.sqrt(wins.mean(1).var(ddof=1) / len(x) + wins.mean(0).var(ddof=1) / len(y))
        low, high = max(0.0, area - 1.96 * error), min(1.0, area + 1.96 * error)
        p = float(stats.norm.sf((area - threshold) / error)) if error else 1.0
    return Judgement(outcome(low, high, p, "above", threshold), area, low, high, p, len(x) + len(y), unit)


def all_of(*parts: Judgement) -> Judgement:
    """Every part must hold: supported if all are, refuted if one is, else inconclusive; one alone is itself.

    What is shown is the part that decides, the one with the largest p-value; that p is valid for the
    conjunction (intersection-union test).
    """
    if len(parts) == 1:
        return parts[0]
    told = [part for part in parts if part.outcome == "refuted"]
    told = told or [part for part in parts if part.outcome == "inconclusive"] or list(parts)
    return replace(max(told, key=lambda part: part.p), parts=parts)


def any_of(*parts: Judgement) -> Judgement:
    """One part is enough: supported if one is with Bonferroni's correction, refuted if all are.

    What is shown is the part with the smallest p-value, that p times their number.
    """
    best = min(parts, key=lambda part: part.p)
    p = min(1.0, best.p * len(parts))
    said: Standing = "inconclusive"
    if any(part.outcome == "supported" and part.p * len(parts) < ALPHA for part in parts):
        said = "supported"
    elif all(part.outcome == "refuted" for part in parts):
        said = "refuted"
    return replace(best, outcome=said, p=p, parts=parts)


def _too_few(values: int, unit: str) -> Judgement:
    return Judgement("inconclusive", math.nan, math.nan, math.nan, 1.0, values, unit)


def _array(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _spearman(row: NDArray[np.float64]) -> float:
    if np.ptp(row) == 0:
        return 0.0
    return float(stats.spearmanr(np.arange(len(row)), row).statistic)


def _bootstrapped_median(x: NDArray[np.float64], resamples: int = 4000) -> tuple[float, float]:
    rows = np.random.default_rng(0).integers(0, len(x), (resamples, len(x)))
    low, high = np.quantile(np.median(x[rows], axis=1), [0.025, 0.975])
    return float(low), float(high)


def interval_of(part: Judgement, digits: int = 3) -> str:
    """Effect and interval as text, such as ``0.51 [0.48, 0.55]``."""
    numbers: Sequence[float] = (part.effect, part.ci_low, part.ci_high)
    value, low, high = (f"{number:.{digits}g}" for number in numbers)
    return f"{value} [{low}, {high}]"
