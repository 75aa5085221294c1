"""The notebook runs from its first cell to its last, and draws what it promises."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "examples/leaderboard.ipynb"


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    place = {"metadata": {"path": str(NOTEBOOK.parent)}}
    return NotebookClient(notebook, timeout=200, resources=place).execute()


def shown(notebook: nbformat.NotebookNode, kind: str) -> dict[str, str]:
    """What cells show in one format, by their source."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [(cell.source, output.get("data", {})) for cell in cells for output in cell.outputs]
    return {source: data[kind] for source, data in outputs if kind in data}


def test_every_figure_is_drawn(executed: nbformat.NotebookNode) -> None:
    pictures = shown(executed, "image/png")
    drawn = [name for name in ("scores", "curves", "aggregated", "profiles", "pairs")
             if any(f"figures.{name}(" in source for source in pictures)]  # fmt: skip
    assert drawn == ["scores", "curves", "aggregated", "profiles", "pairs"]
    assert min(map(len, pictures.values())) > 5000


def test_frames_have_seeds_and_rank_intervals(executed: nbformat.NotebookNode) -> None:
    frames = " ".join(shown(executed, "text/html").values())
    for heading in ("rank_low", "rank_high", "group", "failure_rate", "iqm_low", "median"):
        assert f"<th>{heading}</th>" in frames
    assert "<th>7</th>" in frames  # the eighth seed


def test_it_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
