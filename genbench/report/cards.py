"""What a run's page shows of each finding: the chart of its evidence, and samples before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from genbench.report.evidence import evidence_charts
from genbench.report.history import History
from genbench.report.looks import Crop, crops
from genbench.report.run_page import RunPage
from genbench.types import InputError, Verdict, detections


class Card(NamedTuple):
    """A finding, the numbers of its charts, and where its samples are in the run's pictures."""

    verdict: Verdict
    charts: Sequence[int]
    looks: Sequence[Crop]


@dataclass(frozen=True)
class Cards:
    """The findings of a run.

    Attributes:
        key: of the file that holds the charts.
        summary: a row for each detector, verdict and evidence, with the seeds that share them.
    """

    key: str
    charts: Sequence[Mapping[str, Any]]
    shown: Sequence[Card]
    summary: Sequence[tuple[str, Verdict]]

    @property
    def undrawn(self) -> int:
        """Findings without a chart: another version made them, or a detector that is not installed here."""
        return sum(not card.charts for card in self.shown)


def cards(page: RunPage, history: History) -> Cards:
    """The cards of a run's findings, failures first."""
    charts: list[Mapping[str, Any]] = []
    shown = []
    for verdict in detections(page.verdicts):
        own, looks = _charts(history, verdict), crops(page.kept, page.record, verdict)
        shown.append(Card(verdict, range(len(charts), len(charts) + len(own)), looks))
        charts += own
    return Cards(f"runs/{page.slug}-evidence", charts, shown, summary(page.verdicts))


def summary(verdicts: Sequence[Verdict]) -> list[tuple[str, Verdict]]:
    """Verdicts that differ in their seed alone as one, with those seeds such as ``0–3, 6``; by detector."""
    order = {name: place for place, name in enumerate(dict.fromkeys(v.detector for v in verdicts))}
    alike: dict[tuple[int, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        alike.setdefault((order[verdict.detector], verdict.verdict, verdict.evidence), []).append(verdict)
    rows = sorted(alike.items(), key=lambda item: (item[0][0], min(v.seed for v in item[1])))
    return [(spans(sorted({v.seed for v in own})), own[0]) for _, own in rows]


def spans(seeds: Sequence[int]) -> str:
    """Ascending numbers, neighbours put together.

    >>> spans([0, 1, 2, 5, 7, 8])
    '0–2, 5, 7–8'
    """
    runs = [[n for _, n in run] for _, run in groupby(enumerate(seeds), lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _charts(history: History, verdict: Verdict) -> list[dict[str, Any]]:
    try:
        return evidence_charts(history.signals_of(verdict.seed), verdict)
    except InputError:
        return []
