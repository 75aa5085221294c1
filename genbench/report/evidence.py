"""The evidence of a finding: signal, healthy band, limit and onset; as a picture with samples, or as data."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from genbench.detectors.detector import Detector, Finding
from genbench.detectors.series import Signals, by_seed
from genbench.registry import detectors
from genbench.report import style
from genbench.report.curves import packed
from genbench.report.looks import Look
from genbench.types import InputError, Trace, Verdict

BAND = (5, 95)
"""Percentiles of healthy runs that are shaded."""
WIDTH, PANEL = 6.4, 2.6
"""Inches of the figure's width and of a panel's height."""


def evidence_picture(trace: Trace, verdict: Verdict, looks: Sequence[Look] = ()) -> Figure:
    """The series that a verdict rests on, one panel a rule that passes its limit.

    Args:
        looks: samples before and after the onset, drawn below, see `looks.before_and_after`.

    Raises:
        InputError: the verdict is no finding, or not one on this trace.
    """
    findings = findings_of(next((s for s in by_seed(trace) if s.seed == verdict.seed), None), verdict)
    rows = _rows(looks)
    heights = [PANEL * len(findings), *(0.35 + max(map(_height, row)) / len(row) for row in rows)]
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained", facecolor=style.PAPER)
    FigureCanvasAgg(figure)
    parts = np.ravel(figure.subfigures(len(heights), height_ratios=heights, squeeze=False))
    for axes, finding in zip(np.ravel(parts[0].subplots(len(findings))), findings, strict=True):
        _draw(axes, finding)
    for part, row in zip(parts[1:], rows, strict=True):
        for axes, look in zip(np.ravel(part.subplots(1, len(row))), row, strict=True):
            axes.imshow(np.asarray(look.picture))
            axes.set_title(look.title, color=style.MUTED, fontsize=9, loc="left")
            axes.set_axis_off()
    kind = f" ({verdict.subtype})" if verdict.subtype else ""
    figure.suptitle(f"{verdict.detector}{kind}, seed {verdict.seed}", color=style.INK, fontsize=11)
    return figure


def png(figure: Figure) -> bytes:
    """The figure as a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _rows(looks: Sequence[Look]) -> list[list[Look]]:
    """Squares side by side, strips below each other."""
    if any(look.picture.width > 2 * look.picture.height for look in looks):
        return [[look] for look in looks]
    return [list(looks)] if looks else []


def _height(look: Look) -> float:
    """Inches of a picture as wide as the figure."""
    return WIDTH * look.picture.height / look.picture.width


def findings_of(signals: Signals | None, verdict: Verdict) -> list[Finding]:
    """What passes its limit in the signals of a verdict's seed; never empty.

    Raises:
        InputError: nothing does, as the verdict is none of this version or not on these signals.
    """
    detector: Detector = detectors[verdict.detector].create()
    found = detector.findings(signals) if signals else []
    passing = [finding for finding in found if finding.excursion.onset is not None]
    if not passing:
        raise InputError(f"{verdict.detector} found nothing on seed {verdict.seed}; only findings are drawn")
    return passing


def evidence_charts(signals: Signals, verdict: Verdict) -> list[dict[str, Any]]:
    """The panels of `evidence_picture` without samples, as data for a page; it raises the same."""
    return [
        {
            "name": _title(finding),
            "step": packed(finding.series.steps),
            "value": packed(finding.series.values),
            "limit": finding.limit.value,
            "band": np.percentile(finding.limit.healthy, BAND).tolist() if finding.limit.healthy else None,
            "onset": finding.excursion.onset,
        }
        for finding in findings_of(signals, verdict)
    ]


def _title(finding: Finding) -> str:
    return finding.rule.name.partition("/")[2].replace("_", " ")


def _draw(axes: Axes, finding: Finding) -> None:
    limit, (clean, bad) = finding.limit, finding.excursion.onset or (0, 0)
    if limit.healthy:
        low, high = np.percentile(limit.healthy, BAND)
        # The line keeps a band visible in which all healthy runs score the same.
        axes.axhspan(low, high, color=style.DATA, alpha=0.4, label="healthy runs, 5–95 %", linewidth=2)
    axes.axhline(limit.value, color=style.SERIES[1], linestyle="--", linewidth=1, label="limit")
    axes.axvspan(clean, bad, color=style.SERIES[4], alpha=0.5, label="onset", linewidth=0)
    axes.plot(finding.series.steps, finding.series.values, color=style.SERIES[0], linewidth=1.2)
    axes.set_xlabel("step", color=style.MUTED)
    axes.set_ylabel(_title(finding), color=style.MUTED)
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
