"""What happened along each run, and the curves and cards that pages make of it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from genbench.detectors import diagnose
from genbench.detectors.series import by_seed
from genbench.report.cards import cards, spans, summary
from genbench.report.evidence import findings_of
from genbench.report.history import histories
from genbench.report.html import write_report
from genbench.report.methods import methods
from genbench.report.run_page import RunPage
from genbench.report.seed_table import Columns, SeedTable, merged, seed_tables
from genbench.store import Results
from genbench.types import Trace, Verdict

Place = Any
STEPS = np.arange(10, 1010, 10)


def trace(seeds: tuple[int, ...] = (3, 5)) -> pd.DataFrame:
    """Two signals, one of them at every other tick; the last seed's gradients explode at step 510."""
    rows = [
        (seed, step, step / 100, 8 * step, name, value)
        for seed in seeds
        for step in STEPS
        for name, value in (
            ("critic/grad_norm", 1.0 + 1e5 * (seed == seeds[-1] and step > 500)),
            ("critic/loss", np.nan if step == 20 else step * 1.5),
        )
        if name != "critic/loss" or step % 20 == 0
    ]
    frame = pd.DataFrame(rows, columns=["seed", "step", "seconds", "samples", "signal", "value"])
    return frame.astype({"value": float})


@pytest.fixture
def exploding(place: Place) -> Results:
    """A run with a finding, as detectors see it, and one by a detector that nobody has."""
    run = place.put("gan", {"modes": {3: 6.0, 5: 7.0}}, seeds=(3, 5))
    run.write_trace(trace())
    strange = Verdict(3, "boredom", "detected", "nothing happens", onset=(10, 20))
    run.write_verdicts([*diagnose(Trace(trace())), strange])
    results: Results = place.load()
    return results


def test_signals_are_those_that_detectors_read(exploding: Results) -> None:
    (history,) = histories(exploding).values()
    for expected in by_seed(Trace(trace())):
        found = history.signals_of(expected.seed)
        assert list(found) == list(expected)
        for name, series in expected.items():
            np.testing.assert_array_equal(found[name].steps, series.steps)
            np.testing.assert_array_equal(found[name].values, series.values)


def test_the_clock_says_when_a_step_was(exploding: Results) -> None:
    (history,) = histories(exploding).values()
    assert history.clock is not None
    assert history.clock.step.tolist() == STEPS.tolist()
    assert history.clock.seconds.tolist() == (STEPS / 100).tolist()
    assert history.clock.samples.tolist() == (8 * STEPS).tolist()


def test_a_run_without_a_trace_has_no_clock(place: Place) -> None:
    place.put("gan", {"modes": {0: 6.0}}, seeds=(0,))
    (history,) = histories(place.load()).values()
    assert (history.clock, history.signals) == (None, {})
    assert history.scores["modes"].values.tolist() == [[-99.0], [6.0]]


def test_tables_come_in_the_order_of_their_names_and_the_first_of_two_values_counts() -> None:
    columns = Columns(np.array([1, 0, 1, 1]), np.array([5, 5, 5, 9]), np.array([2, 2, 2, 0]), np.arange(4.0))
    found = seed_tables(["later", "first"], columns)
    assert list(found) == ["first", "later"]
    assert (found["first"].steps.tolist(), found["first"].seeds.tolist()) == ([5, 9], [0, 2])
    np.testing.assert_array_equal(found["first"].values, [[np.nan, 0.0], [3.0, np.nan]])


def test_of_two_runs_of_a_seed_the_first_counts() -> None:
    one = SeedTable(np.array([1, 2]), np.array([0]), np.array([[1.0], [2.0]]))
    two = SeedTable(np.array([2, 3]), np.array([0, 1]), np.array([[8.0, 9.0], [8.0, 9.0]]))
    found = merged([one, two])
    assert (found.steps.tolist(), found.seeds.tolist()) == ([1, 2, 3], [0, 1])
    np.testing.assert_array_equal(found.values, [[1.0, np.nan], [2.0, 9.0], [8.0, 9.0]])


def page_of(results: Results) -> RunPage:
    (method,), (folder,) = methods(results.records), results.folders
    return RunPage(folder, "gan", method, folder.read_record())


def test_every_finding_has_a_card_with_what_it_rests_on(exploding: Results) -> None:
    (history,) = histories(exploding).values()
    found = cards(page_of(exploding), history)
    assert [(card.verdict.detector, card.verdict.seed) for card in found.shown] == [
        ("exploding_gradient", 5),
        ("boredom", 3),
    ]
    card = found.shown[0]
    (finding,) = findings_of(history.signals_of(5), card.verdict)
    (chart,) = (found.charts[index] for index in card.charts)
    assert chart["onset"] == card.verdict.onset == (500, 510)
    assert chart["limit"] == finding.limit.value
    value = np.frombuffer(base64.b64decode(chart["value"]), "<f4")
    assert value.max() == pytest.approx(finding.series.values.max())
    assert found.undrawn == 1


def test_verdicts_that_differ_in_their_seed_are_one_row() -> None:
    verdicts = [Verdict(seed, "a", "clear", "1") for seed in (0, 1, 4)] + [Verdict(2, "a", "detected", "9")]
    found = summary([Verdict(0, "b", "clear", "2"), *verdicts])
    assert [(seeds, v.detector, v.evidence) for seeds, v in found] == [
        ("0", "b", "2"),
        ("0–1, 4", "a", "1"),
        ("2", "a", "9"),
    ]
    assert spans([7]) == "7"


def quantities(report: Path, page: str) -> list[str]:
    """What a page offers to draw, the first one drawn at first."""
    text = (report / page).read_text()
    (options,) = re.findall('<select name="quantity">(.*?)</select>', text)
    return re.findall("<option[^>]*>([^<]*)</option>", options)


def test_curves_begin_with_the_first_metric_of_their_task(place: Place, tmp_path: Path) -> None:
    place.put("vae", {"distance": {0: 1.0}}, seeds=(0,), task="gaussian")
    run = place.put("gan", {"modes": {0: 4.0}, "distance": {0: 2.0}}, seeds=(0,), task="ring8")
    run.write_trace(trace((0,)))
    index = write_report(place.load(), tmp_path / "report")
    assert quantities(index.parent, "tasks/ring8.html")[:2] == ["modes", "distance"]
    (name,) = (path.name for path in (index.parent / "runs").glob("*gan-*.html"))
    assert quantities(index.parent, f"runs/{name}")[:3] == ["modes", "distance", "critic/grad_norm"]


def test_raw_traces_are_those_of_the_runs_less_their_paths(exploding: Results, tmp_path: Path) -> None:
    index = write_report(exploding, tmp_path / "report")
    expected = exploding.traces.drop(columns="path")
    found = pd.read_parquet(index.parent / "data/traces.parquet")
    pd.testing.assert_frame_equal(found.astype(expected.dtypes.to_dict()), expected)
    text = pd.read_csv(index.parent / "data/traces.csv")
    assert text.columns.tolist() == expected.columns.tolist()
    np.testing.assert_array_equal(text["value"], expected["value"])
    evidence = next((index.parent / "data/runs").glob("*-evidence.js")).read_text()
    key, charts = json.loads(f"[{evidence.removeprefix('genbench.receive(').rstrip().removesuffix(');')}]")
    assert key.startswith("runs/gan")
    assert [chart["onset"] for chart in charts] == [[500, 510]]
