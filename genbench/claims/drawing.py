"""Parts that the figures of claims are drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genbench.report import style
from genbench.report.statistics import student

PANEL_INCHES = (3.2, 2.3)


def panels(count: int = 1, height: float = PANEL_INCHES[1]) -> tuple[Figure, list[Axes]]:
    """A row of panels."""
    figure = Figure(figsize=(PANEL_INCHES[0] * count, height), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def dots(ax: Axes, frame: pd.DataFrame, by: str, value: str) -> None:
    """A column of dots a group, a dot a seed, with the mean and its 95 % interval beside them.

    Groups stand in the order of their first rows.
    """
    names = list(dict.fromkeys(frame[by]))
    for place, name in enumerate(names):
        own = frame.loc[frame[by] == name, value].to_numpy(float)
        jitter = np.linspace(-0.12, 0.12, len(own))
        colour = style.SERIES[place % len(style.SERIES)]
        ax.plot(place + jitter, own, "o", color=colour, alpha=0.55, markersize=3, markeredgewidth=0)
        centre = student(own)
        ax.errorbar(
            place + 0.25,
            centre.value,
            [[centre.value - centre.low], [centre.high - centre.value]],
            fmt="o",
            color=colour,
            markersize=4,
        )
    ax.set_xticks(range(len(names)), [str(name) for name in names])
    ax.set_xlim(-0.5, len(names) - 0.3)


def lines(ax: Axes, frame: pd.DataFrame, x: str, y: str, by: str | None = None, legend: bool = True) -> None:
    """The mean over seeds along `x`, one line a group, with its 95 % band."""
    groups = [(None, frame)] if by is None else list(frame.groupby(by, sort=False))
    for place, (name, own) in enumerate(groups):
        at = sorted(own[x].unique())
        centres = [student(own.loc[own[x] == level, y].to_numpy(float)) for level in at]
        colour = style.SERIES[place % len(style.SERIES)]
        label = None if name is None else str(name)
        ax.plot(at, [each.value for each in centres], color=colour, label=label)
        ends = [each.low for each in centres], [each.high for each in centres]
        ax.fill_between(at, *ends, color=colour, alpha=0.15, linewidth=0)
    if legend and ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=7)


def reference(ax: Axes, value: float, label: str, axis: str = "y") -> None:
    """A dashed line at a threshold or an exact value."""
    draw = ax.axhline if axis == "y" else ax.axvline
    draw(value, color=style.MUTED, linestyle="--", linewidth=1, label=label, zorder=0)


def identity(ax: Axes, values: Sequence[float]) -> None:
    """The line on which measured and exact agree."""
    ends = [min(values), max(values)]
    ax.plot(ends, ends, color=style.MUTED, linestyle="--", linewidth=1, zorder=0)
