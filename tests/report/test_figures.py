from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from genbench.report.figures import figures, write_figures
from genbench.report.training import learning_curves

Place = Any
ANCHORS = {"modes": {"trivial": 0.0, "real": 8.0}}


@pytest.fixture
def two(place: Place) -> Place:
    """Two methods on two tasks."""
    for task in ("ring8", "grid25[samples=500]"):
        for model, value in (("gan", 4.0), ("vae", 6.0)):
            values = {"modes": {0: value, 1: value + 1}, "distance": {0: 1.0, 1: 2.0}}
            place.put(
                model, values, task=task.partition("[")[0], anchors=ANCHORS, seconds={"training": value}
            )
    return place


def test_every_figure_is_written_in_every_format(two: Place, tmp_path: Path) -> None:
    written = write_figures(two.load(), tmp_path / "out")
    names = {path.stem for path in written}
    assert names == {
        *("scores-ring8", "scores-grid25", "curves-ring8", "curves-grid25"),
        *("aggregates", "profiles", "improvements", "cost"),
    }
    assert len(written) == 3 * len(names)
    for path in written:
        start = path.read_bytes()[:400]
        assert {".pdf": b"%PDF", ".svg": b"<svg", ".png": b"PNG"}[path.suffix] in start
    picture = imread(tmp_path / "out/scores-ring8.png")
    assert picture.shape[1] >= 1000  # 300 dots an inch
    assert picture.std() > 0.05
    assert ">vae</text>" in (tmp_path / "out/scores-ring8.svg").read_text()  # text stays text


def test_scores_have_their_intervals_and_what_they_are_measured_against(two: Place) -> None:
    figure = dict(figures(two.load()))["scores-ring8"]
    modes, distance = figure.axes
    assert [label.get_text() for label in modes.get_yticklabels()] == ["vae", "gan"]
    assert modes.lines[0].get_xdata() == pytest.approx([6.5, 4.5])
    assert (modes.get_title(), distance.get_title()) == ("modes ↑", "distance ↓")


def test_without_anchors_there_are_no_figures_over_all_tasks(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 7.0}})
    assert set(dict(figures(place.load()))) == {"scores-ring8", "curves-ring8"}


def test_a_learning_curve_is_the_mean_over_seeds_at_each_look(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0, 1: 8.0, 2: np.nan}}, seeds=(0, 1, 2))
    frame = learning_curves(place.load(), "ring8", "modes")
    assert frame["step"].tolist() == [5, 10]
    assert frame["value"].tolist() == [-99.0, 7.0]
    assert frame["n"].tolist() == [3, 2]
    half = 12.706204736432095 * np.sqrt(2) / np.sqrt(2)  # t of 0.975 with 1 degree of freedom, from a table
    assert frame["high"].iloc[1] == pytest.approx(7 + half)
