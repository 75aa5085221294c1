"""The evidence of a finding as a picture: the signal, what healthy runs score, the limit, the onset."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from genbench.detectors.detector import Detector, Finding
from genbench.detectors.series import by_seed
from genbench.registry import detectors
from genbench.report import style
from genbench.types import InputError, Trace, Verdict

BAND = (5, 95)
"""Percentiles of healthy runs that are shaded."""


def evidence_picture(trace: Trace, verdict: Verdict) -> Figure:
    """The series that a verdict rests on, one panel a rule that passes its limit.

    Raises:
        InputError: the verdict is no finding, or not one on this trace.
    """
    findings = _findings(trace, verdict)
    if not findings:
        raise InputError(f"{verdict.detector} found nothing on seed {verdict.seed}; only findings are drawn")
    figure = Figure(figsize=(6.4, 2.6 * len(findings)), layout="constrained", facecolor=style.PAPER)
    FigureCanvasAgg(figure)
    for axes, finding in zip(np.ravel(figure.subplots(len(findings))), findings, strict=True):
        _draw(axes, finding)
    kind = f" ({verdict.subtype})" if verdict.subtype else ""
    figure.suptitle(f"{verdict.detector}{kind}, seed {verdict.seed}", color=style.INK, fontsize=11)
    return figure


def _findings(trace: Trace, verdict: Verdict) -> list[Finding]:
    detector: Detector = detectors[verdict.detector].create()
    own = [signals for signals in by_seed(trace) if signals.seed == verdict.seed]
    return [f for signals in own for f in detector.findings(signals) if f.excursion.onset is not None]


def _draw(axes: Axes, finding: Finding) -> None:
    limit, (clean, bad) = finding.limit, finding.excursion.onset or (0, 0)
    if limit.healthy:
        low, high = np.percentile(limit.healthy, BAND)
        axes.axhspan(low, high, color=style.DATA, alpha=0.4, label="healthy runs, 5–95 %", linewidth=0)
    axes.axhline(limit.value, color=style.SERIES[1], linestyle="--", linewidth=1, label="limit")
    axes.axvspan(clean, bad, color=style.SERIES[4], alpha=0.5, label="onset", linewidth=0)
    axes.plot(finding.series.steps, finding.series.values, color=style.SERIES[0], linewidth=1.2)
    axes.set_xlabel("step", color=style.MUTED)
    axes.set_ylabel(finding.rule.name.partition("/")[2].replace("_", " "), color=style.MUTED)
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
