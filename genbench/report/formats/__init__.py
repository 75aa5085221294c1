"""A leaderboard as tables for the terminal, as Markdown, LaTeX, CSV and JSON: a module an output.

Those that people read are made from a `grid.Grid`, which says what stands in which cell; CSV and JSON have
the rows of the frame. Real data and the trivial sampler are rows of every one of them.
"""

from genbench.report.formats.comparison import comparison_tables
from genbench.report.formats.data import as_csv, as_json
from genbench.report.formats.latex import latex
from genbench.report.formats.markdown import markdown
from genbench.report.formats.terminal import tables

__all__ = ["as_csv", "as_json", "comparison_tables", "latex", "markdown", "tables"]
