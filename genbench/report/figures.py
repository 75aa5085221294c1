"""Figures for papers, as matplotlib draws them: scores, aggregates, profiles, pairs, curves, cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from genbench.report import style
from genbench.report.aggregates import aggregates, improvements, normalised_strata
from genbench.report.costs import costs
from genbench.report.entries import THROUGHPUT, Entry, entries
from genbench.report.leaderboard import tabulate
from genbench.report.names import slugs
from genbench.report.statistics import performance_profile
from genbench.report.training import learning_curves
from genbench.store import Results

COLUMN_INCHES = 3.35
"""Width of a column of a two-column paper."""

RC: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": style.MUTED,
    "axes.labelcolor": style.INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": style.RULE,
    "grid.linewidth": 0.5,
    "xtick.color": style.MUTED,
    "ytick.color": style.MUTED,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # text stays text, which journals ask for
    "svg.fonttype": "none",
}


def write_figures(results: Results, out: Path, forms: Sequence[str] = ("pdf", "svg", "png")) -> list[Path]:
    """Write every figure that the results allow, in each format; the files written."""
    out.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(RC):
        drawn = dict(figures(results))
        names = slugs(drawn)
        paths = [(figure, out / f"{names[name]}.{form}") for name, figure in drawn.items() for form in forms]
        for figure, path in paths:
            figure.savefig(path)
    return [path for _, path in paths]


def figures(results: Results) -> Iterator[tuple[str, Figure]]:
    """Name and figure: ``scores-<task>`` and ``curves-<task>`` for each task, then those over all tasks."""
    made = entries(results)
    board = tabulate(results, made)
    scored = board[board["metric"].notna() & (board["metric"] != THROUGHPUT)]
    for task, own in scored.groupby("task", sort=False):
        yield f"scores-{task}", scores(own)
        metric = str(own["metric"].iloc[0])
        yield f"curves-{task}", curves(learning_curves(results, str(task), metric), metric)
    together = aggregates(made)
    if len(together):
        yield "aggregates", aggregated(together)
        yield "profiles", profiles(made)
        yield "improvements", pairs(improvements(made), together["model"].tolist())
        yield "cost", cost(costs(results, made))


def scores(board: pd.DataFrame) -> Figure:
    """One task's scores with their intervals, a panel a metric, methods in the order of the first."""
    metrics = board["metric"].unique()
    order = board[board["metric"] == metrics[0]]["model"].tolist()
    order += [model for model in board["model"].unique() if model not in order]
    figure, axes = _panels(len(metrics), 0.55 + 0.19 * len(order))
    for ax, metric in zip(axes, metrics, strict=True):
        own = board[board["metric"] == metric].set_index("model").reindex(order)
        _intervals(ax, order, own["value"], own["ci_low"], own["ci_high"])
        ax.set_title(_titled(metric, own["better"].dropna().iloc[0]).replace("@", "\n@"))
        _references(ax, own)
    return figure


def aggregated(frame: pd.DataFrame) -> Figure:
    """Interquartile mean and median of normalised scores with bootstrap intervals."""
    figure, axes = _panels(2, 0.55 + 0.19 * len(frame))
    for ax, name, title in zip(axes, ("iqm", "median"), ("interquartile mean", "median"), strict=True):
        _intervals(ax, frame["model"].tolist(), frame[name], frame[f"{name}_low"], frame[f"{name}_high"])
        ax.set_title(title)
        ax.set_xlabel("normalised score")
    return figure


def profiles(made: Sequence[Entry]) -> Figure:
    """Share of runs above each normalised score, with pointwise bootstrap bands."""
    figure, (ax,) = _panels(1, 2.4)
    thresholds = np.linspace(-0.5, 1.1, 161)
    for index, (model, own) in enumerate(normalised_strata(made).items()):
        share, low, high = performance_profile(list(own.values()), thresholds)
        _line(ax, index, model, thresholds, share, low, high)
    ax.set(xlabel="normalised score τ", ylabel="share of runs above τ", ylim=(-0.02, 1.02))
    _legend(figure, ax)
    return figure


def pairs(frame: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Probability that a seed of the row's method beats one of the column's."""
    side = 1.1 + 0.3 * len(models)
    figure = Figure(figsize=(side, side), layout="constrained")
    ax = figure.add_subplot()
    matrix = frame.pivot(index="x", columns="y", values="probability").reindex(list(models))[list(models)]
    ax.imshow(matrix, vmin=0, vmax=1, cmap="RdBu")
    for (row, column), value in np.ndenumerate(matrix.to_numpy()):
        if np.isfinite(value):
            ink = style.PAPER if abs(value - 0.5) > 0.35 else style.INK
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=6, color=ink)
    ax.set_xticks(range(len(models)), models, rotation=45, ha="right")
    ax.set_yticks(range(len(models)), models)
    ax.grid(visible=False)
    return figure


def curves(frame: pd.DataFrame, metric: str) -> Figure:
    """A metric along training, mean over seeds with its 95 % interval; see `learning_curves`."""
    figure, (ax,) = _panels(1, 2.4)
    for index, (model, own) in enumerate(frame.groupby("model", sort=False)):
        _line(ax, index, str(model), own["step"], own["value"], own["low"], own["high"])
    ax.set(xlabel="steps", ylabel=metric)
    _legend(figure, ax)
    return figure


def cost(frame: pd.DataFrame) -> Figure:
    """Quality against training seconds, a panel a task; the Pareto front is coloured and joined."""
    tasks = frame["task"].nunique()
    figure, axes = _panels(tasks, 2.4, rows=math.ceil(tasks / 2))
    for ax, (task, own) in zip(axes, frame.groupby("task", sort=False), strict=True):
        own = own.sort_values("training_seconds")
        front = own[own["pareto"]]
        ax.plot(front["training_seconds"], front["value"], ":", color=style.SERIES[0], linewidth=1)
        colours = np.where(own["pareto"], style.SERIES[0], style.DATA)
        ax.scatter(own["training_seconds"], own["value"], c=colours, s=16, zorder=3)
        for row in own.itertuples():
            ax.annotate(
                str(row.model),
                (row.training_seconds, row.value),
                (3, 3),
                textcoords="offset points",
                fontsize=6,
            )
        ax.set(xscale="log", xlabel="seconds of training", title=str(task))
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))  # one decade has labels, too
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_ylabel(_titled(own["metric"].iloc[0], own["better"].iloc[0]))
    return figure


def _panels(count: int, height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, each of that height in inches."""
    columns = math.ceil(count / rows)
    width = COLUMN_INCHES if columns == 1 else 2 * COLUMN_INCHES if rows > 1 else min(7.0, 2.4 * columns)
    figure = Figure(figsize=(width, rows * height), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def _intervals(ax: Axes, names: Sequence[str], value: pd.Series, low: pd.Series, high: pd.Series) -> None:
    rows = np.arange(len(names))
    ax.hlines(
        rows, low.to_numpy(float), high.to_numpy(float), color=style.SERIES[0], linewidth=2.2, alpha=0.45
    )
    ax.plot(value.to_numpy(float), rows, "o", color=style.SERIES[0], markersize=3.5)
    ax.set_yticks(rows, names if ax.get_subplotspec().is_first_col() else [""] * len(names))  # type: ignore[union-attr]
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")


def _references(ax: Axes, own: pd.DataFrame) -> None:
    """The trivial sampler dotted, real data dashed, where they do not squeeze the scores."""
    left, right = ax.get_xlim()
    for name, dashes in (("trivial", ":"), ("real", "--")):
        known = own[name].dropna()
        if len(known) and left - (right - left) <= known.iloc[0] <= right + (right - left):
            ax.axvline(known.iloc[0], linestyle=dashes, color=style.MUTED, linewidth=0.9)


def _line(ax: Axes, index: int, name: str, x: object, y: object, low: object, high: object) -> None:
    colour = style.SERIES[index % len(style.SERIES)]
    dashes = ("-", "--", ":", "-.")[index // len(style.SERIES) % 4]
    ax.plot(x, y, dashes, color=colour, label=name)  # type: ignore[arg-type]
    ax.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)  # type: ignore[arg-type]


def _legend(figure: Figure, ax: Axes) -> None:
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7)


def _titled(metric: object, better: object) -> str:
    return f"{metric} {'↑' if better == 'higher' else '↓'}"
