"""Parts that the figures of claims are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Panel:
    """How a column of the evidence is drawn: a column of dots a group.

    Attributes:
        label: of the y axis.
        mark: a value, or the column that holds it, and its label: a dashed line.
        small: size of the groups' labels; None for the usual one.
        rotate: degrees by which they are turned.
        only: a column and the value in it of the rows that are drawn.
    """

    column: str
    label: str = ""
    title: str = ""
    xlabel: str = ""
    mark: tuple[float | str, str] | None = None
    legend: bool = True
    log: bool = False
    limits: tuple[float | None, float | None] = (None, None)
    small: int | None = None
    rotate: int = 0
    only: tuple[str, str] | None = None


def groups(frame: pd.DataFrame, by: str, *shown: Panel) -> Figure:
    """A panel a column, in each a column of dots a group of `by`."""
    drawn, axes = panels(len(shown))
    for ax, panel in zip(axes, shown, strict=True):
        own = frame if panel.only is None else frame[frame[panel.only[0]] == panel.only[1]]
        dots(ax, own, by, panel.column)
        _finish(ax, own, panel)
    return drawn


def _finish(ax: Axes, frame: pd.DataFrame, panel: Panel) -> None:
    if panel.mark is not None:
        value, label = panel.mark
        reference(ax, float(frame[value].iloc[0]) if isinstance(value, str) else value, label)
    ax.set(xlabel=panel.xlabel, ylabel=panel.label, title=panel.title)
    if panel.log:
        ax.set_yscale("log")
    if panel.limits != (None, None):
        ax.set_ylim(*panel.limits)
    if panel.small:
        ax.tick_params("x", labelsize=panel.small, labelrotation=panel.rotate)
    if panel.mark is not None and panel.legend:
        ax.legend(fontsize=7)


def reference(ax: Axes, value: float, label: str, axis: str = "y") -> None:
    """A dashed line at a threshold or an exact value."""
    draw = ax.axhline if axis == "y" else ax.axvline
    draw(value, color=style.MUTED, linestyle="--", linewidth=1, label=label, zorder=0)


def identity(ax: Axes, values: Sequence[float]) -> None:
    """The line on which measured and exact agree."""
    ends = [min(values), max(values)]
    ax.plot(ends, ends, color=style.MUTED, linestyle="--", linewidth=1, zorder=0)
