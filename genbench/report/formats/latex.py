"""A leaderboard in LaTeX."""

from __future__ import annotations

import pandas as pd

from genbench.report.formats.grid import Grid, Line, grids
from genbench.report.texts import BELOW

_TEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "↑": r"$\uparrow$",
        "↓": r"$\downarrow$",
        "±": r"$\pm$",
        "–": "--",
        "′": "$'$",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        BELOW: r"$\bigtriangledown$",
    }
)


def latex(board: pd.DataFrame) -> str:
    r"""One ``tabular`` a task, which needs ``\usepackage{booktabs}``.

    The best of each metric is bold; real data and the trivial sampler are in italics, between rules of their
    own. What a reader must know stands below as comments, for the caption.
    """
    return "\n".join(_tabular(grid) for grid in grids(board))


def _tabular(grid: Grid) -> str:
    lines = []
    for before, line in zip([None, *grid.lines], grid.lines, strict=False):
        lines += [r"\midrule"] if before and before.reference != line.reference else []
        lines.append(_line(line))
    return "\n".join(
        [
            f"% {grid.task}",
            rf"\begin{{tabular}}{{l{'r' * (len(grid.header) - 1)}}}",
            *(r"\toprule", " & ".join(map(_tex, grid.header)) + r" \\", r"\midrule", *lines, r"\bottomrule"),
            r"\end{tabular}",
            *(f"% {note}" for note in grid.notes),
            "",
        ]
    )


def _line(line: Line) -> str:
    styles = [
        "textbf" if cell.best else "textit" if line.reference and cell.text else "" for cell in line.cells
    ]
    cells = [_tex(cell.text, style) for cell, style in zip(line.cells, styles, strict=True)]
    return " & ".join(cells) + r" \\"


def _tex(text: str, style: str = "") -> str:
    escaped = text.translate(_TEX)
    return rf"\{style}{{{escaped}}}" if style else escaped
