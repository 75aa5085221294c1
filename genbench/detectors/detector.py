"""What a detector is: rules that measure a trace, limits for them, and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genbench.detectors.calibration import Limit, limits
from genbench.detectors.series import Series, Signals, by_seed, trailing_median
from genbench.types import Level, Trace, Verdict

UNUSUAL = 0.05
"""A p-value that is no lower says nothing of a finding, and then stands beside none."""


@dataclass(frozen=True)
class Rule:
    """One way in which a failure shows.

    Attributes:
        name: ``detector/rule``, the key of its limit.
        measure: signals of a seed → a series that is larger the worse it is; None if the rule does not apply.
        says: what the measured number is, for the evidence.
        window: looks whose median must lie beyond the limit; fewer in a short run, see `persistence`.
        lasting: judged at the end of the trace; else anywhere in it.
        least: looks without which nothing can be said.
        unless: a signal whose presence makes the rule needless, as another one reads it: for logs without it.
        level: how much its findings weigh, where that differs from the detector's others.
    """

    name: str
    measure: Callable[[Signals], Series | None]
    says: str
    window: int = 3
    lasting: bool = True
    least: int = 10
    unless: str | None = None
    level: Level | None = None


class Excursion(NamedTuple):
    """How far a rule's series goes beyond its limit.

    Attributes:
        score: the series' persistent value, the largest of them if the rule is not about the end.
        onset: last clean and first bad step; None if the limit is not passed.
    """

    score: float
    onset: tuple[int, int] | None


class Finding(NamedTuple):
    """A rule that could be applied, and what it found."""

    rule: Rule
    limit: Limit
    series: Series
    excursion: Excursion


@dataclass(frozen=True)
class Detector:
    """A failure, how it shows, and what to do about it.

    Attributes:
        needs: the signals that it reads, for the sentence that says one is lacking.
        remedy: with its source.
        order: causes come before their consequences.
        level: how much its findings weigh; a failure without a p-value is told as a symptom.
        subtype: signals and the finding → a name, where the failure has kinds.
    """

    name: str
    rules: Sequence[Rule]
    needs: str
    remedy: str
    order: int
    level: Level = "symptom"
    subtype: Callable[[Signals, Finding], str | None] = lambda signals, finding: None

    def __call__(self, trace: Trace) -> list[Verdict]:
        """A verdict for every seed, none yet told from its cause."""
        return [self.judge(signals) for signals in by_seed(trace)]

    def judge(self, signals: Signals) -> Verdict:
        """The verdict on one seed."""
        findings = self.findings(signals)
        if not findings:
            said = f"needs {self.needs}"
            return Verdict(signals.seed, self.name, "not applicable", said, level=self.level)
        enough = [finding for finding in findings if len(finding.series) >= finding.rule.least]
        if not enough:
            longest = max(len(finding.series) for finding in findings)
            said = f"{longest} looks, needs {findings[0].rule.least}"
            return Verdict(signals.seed, self.name, "insufficient evidence", said, level=self.level)
        worst = max(enough, key=lambda f: (f.excursion.onset is not None, f.excursion.score / f.limit.value))
        found, p = worst.excursion.onset is not None, _p_value(enough, worst)
        return Verdict(
            signals.seed,
            self.name,
            "detected" if found else "clear",
            _said(worst, p),
            subtype=self.subtype(signals, worst) if found else None,
            onset=worst.excursion.onset,
            p=p,
            effect=worst.excursion.score,
            remedy=self.remedy if found else None,
            level=self._level(worst.rule, p),
        )

    def _level(self, rule: Rule, p: float | None) -> Level:
        """How much a finding of this rule weighs; without a p-value it is no failure."""
        declared = rule.level or self.level
        return "symptom" if declared == "failure" and p is None else declared

    def findings(self, signals: Signals) -> list[Finding]:
        """Every rule that applies, with its series and how far it goes."""
        found = []
        for rule in self.rules:
            series = None if rule.unless in signals else rule.measure(signals)
            if series is not None and len(series):
                limit = limits()[rule.name]
                found.append(Finding(rule, limit, series, excursion(series, rule, limit.value)))
        return found


def persistence(rule: Rule, looks: int) -> int:
    """Looks whose median counts: in short runs a quarter of all, but never less than half the window."""
    return min(rule.window, max((rule.window + 1) // 2, looks // 4))


def excursion(series: Series, rule: Rule, limit: float) -> Excursion:
    """Score of a series, and the stretch beyond the limit that a rule speaks of."""
    window = min(persistence(rule, len(series)), len(series))
    smooth = trailing_median(series.values, window)
    beyond = smooth >= limit
    score = float(smooth[-1] if rule.lasting else smooth.max())
    if not (beyond[-1] if rule.lasting else beyond.any()):
        return Excursion(score, None)
    alarm = _last_rise(beyond) if rule.lasting else int(beyond.argmax())
    opening = max(0, alarm - window + 1)
    first = opening + int((series.values[opening : alarm + 1] >= limit).argmax())
    return Excursion(score, (int(series.steps[first - 1]) if first else 0, int(series.steps[first])))


def _last_rise(beyond: NDArray[np.bool_]) -> int:
    """Where the stretch of True that reaches to the end begins."""
    clean = np.flatnonzero(~beyond)
    return int(clean[-1]) + 1 if len(clean) else 0


def _p_value(findings: Sequence[Finding], worst: Finding) -> float | None:
    """Conformal p-value of a detector, Bonferroni over its rules that have one.

    None where the worst finding has none of its own, and where a limit is passed that healthy runs pass too
    often for the finding to be unusual.
    """
    values = [f.limit.p_value(f.excursion.score) for f in findings]
    known = [value for value in values if value is not None]
    if worst.limit.p_value(worst.excursion.score) is None:
        return None
    p = min(1.0, len(known) * min(known))
    return p if worst.excursion.onset is None or p < UNUSUAL else None


def _said(finding: Finding, p: float | None) -> str:
    known = "" if p is not None else f"; limit from {len(finding.limit.healthy)} healthy runs, no p-value"
    return (
        f"{finding.rule.says} {finding.excursion.score:.3g}, limit {finding.limit.value:.3g}"
        f" (median of {persistence(finding.rule, len(finding.series))} looks){known}"
    )
