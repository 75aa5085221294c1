"""The committed leaderboard is what the command writes."""

from pathlib import Path
from typing import Any

import pytest

from genbench import registry
from genbench.report.reference import BEGIN, END, excerpt, main, page, read_suites, with_excerpt
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.types import InputError

Place = Any
ROOT = Path(__file__).parents[2]
ANCHORS = {"modes": {"trivial": 0.0, "real": 8.0}}


@pytest.fixture
def four(place: Place) -> Place:
    """Four methods on two tasks, and one that was skipped."""
    for task in ("ring8", "grid25"):
        for index, model in enumerate(("dbn", "vae", "gan", "rbm")):
            values = {"modes": {0: 8.0 - index, 1: 8.0 - index}, "distance": {0: 0.1, 1: 0.2}}
            cost = {"peak_bytes": 5_000_000, "flops": [[0, 1000]]}
            place.put(model, values, task=task, anchors=ANCHORS, cost=cost, environment={"machine": "a"})
    place.put("dcgan", {}, status="skipped", reason="convolutions need images")
    return place


def test_the_committed_page_and_excerpt_are_up_to_date() -> None:
    suites = read_suites(ROOT / "results/reference")
    assert (ROOT / "docs/leaderboard.md").read_text() == page(suites)
    readme = (ROOT / "README.md").read_text()
    assert readme == with_excerpt(readme, excerpt(suites))


def test_reference_runs_are_whole_and_have_their_seeds() -> None:
    for name, results in read_suites(ROOT / "results/reference").items():
        assert not results.problems
        assert set(results.records["status"]) <= {"done", "skipped"}
        assert results.records["seeds"].map(len).min() >= (8 if name == "planar" else 3)
        assert results.records["data"].notna().all()


def test_a_page_has_scores_origin_and_effort_but_no_speed(four: Place) -> None:
    text = page({"suite": four.load()})
    assert "8 runs with 16 seeds. Machine: a." in text
    assert "| 2 | **8 (2 of 2)** | **0.15 ± 0.64** |" in text
    assert text.count("| *real data* |") == text.count("| *trivial sampler* |") == 2
    assert "- dcgan skipped: convolutions need images" in text
    assert "| ring8 | dbn | 10 | 10 kFLOP | 5 MB |" in text
    assert "| dbn | 2 | 4 | 1.000 (1.000 – 1.000) |" in text
    assert "samples_per_second" not in text


def test_the_excerpt_has_the_best_alone(four: Place) -> None:
    text = excerpt({"suite": four.load()})
    assert text.count("| dbn |") == 2
    assert "rbm" not in text
    assert "**ring8**\n\n| model |" in text


def test_the_command_renews_page_and_readme(four: Place, tmp_path: Path) -> None:
    (four.root / "suite").rename(four.root / "planar")
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nof before\n{END}\nafter\n")
    main([str(four.root), str(tmp_path / "page.md"), str(readme)])
    assert (tmp_path / "page.md").read_text().startswith("# Leaderboard")
    before, _, rest = readme.read_text().partition(BEGIN)
    assert before == "before\n"
    assert "| dbn |" in rest
    assert "of before" not in rest
    assert rest.endswith(f"{END}\nafter\n")


def test_missing_marks_and_missing_suites_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="README lacks"):
        with_excerpt("no marks", "text")
    with pytest.raises(InputError, match="holds none of planar, mnist, gpu"):
        read_suites(tmp_path)


def test_runs_from_before_options_were_renamed_are_the_runs_that_they_were() -> None:
    committed = list((ROOT / "results/reference").glob("*/*/*/record.json"))
    assert any('"flips"' in path.read_text() for path in committed)
    for path in committed:
        folder = RunFolder(path.parent)
        config = RunConfig.from_dict(folder.read_record().config)
        assert config.key == folder.key
        registry.models[config.model].resolve(config.options)
