"""The report: one folder that needs no network, with every name from files escaped."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import genbench
from genbench.report.html import write_report
from genbench.report.leaderboard import tabulate
from genbench.store import RunFolder
from genbench.types import Estimate, InputError, Record, Score

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A suite of one trained method, and a run whose record holds markup where a name should be."""
    out = tmp_path_factory.mktemp("results")
    genbench.run("quick", models=["vae"], tasks=["ring8"], seeds=2, steps=20, out=out)
    folder = RunFolder.under(out, "quick", "ring8", "evil", "0123abcd")
    folder.write_scores([Score(0, 20, "modes@2500", Estimate(3.0, 2500))], {"modes@2500": "higher"})
    folder.write_samples(np.zeros((1, 10, 2), np.float32), np.zeros((10, 2), np.float32))
    folder.write_record(Record("quick", "ring8", EVIL, {"options": {EVIL: EVIL}}, "done", (0,), reason=EVIL))
    return out


@pytest.fixture(scope="module")
def pages(results, tmp_path_factory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("report") / "report"
    index = write_report(genbench.load(results), out, {"vae": "@article{vae}"})
    assert index == out / "index.html"
    return {str(path.relative_to(out)): path.read_text() for path in sorted(out.rglob("*.html"))}


def test_there_is_a_page_for_the_board_each_task_and_each_run(pages):
    assert "index.html" in pages
    assert sum(name.startswith("tasks/") for name in pages) >= 1
    assert sum(name.startswith("runs/") for name in pages) == 2


def test_nothing_is_loaded_from_elsewhere(pages):
    for name, page in pages.items():
        sources = re.findall(r"""(?:src|<link[^>]+href)=["']([^"']+)""", page)
        assert not [source for source in sources if re.match(r"(https?:)?//", source)], name


def test_names_from_files_are_escaped(pages):
    assert any("&lt;script&gt;" in page for page in pages.values())
    for name, page in pages.items():
        assert EVIL not in page, name


def test_a_long_name_may_be_broken_between_its_settings_and_stays_escaped(tmp_path):
    run = RunFolder.under(tmp_path / "results", "s", "t", "m", "0123abcd")
    other = RunFolder.under(tmp_path / "results", "s", "t", "m", "0123abce")
    for folder, width in ((run, 1), (other, 2)):
        config = {"options": {"width": width, "depth": width}, "steps": 1}
        folder.write_scores([Score(0, 1, "modes", Estimate(3.0, 9))], {"modes": "higher"})
        folder.write_record(Record("s", "t", EVIL, config, "done", (0,)))
    index = write_report(genbench.load(tmp_path / "results"), tmp_path / "report")
    escaped = EVIL.replace("<", "&lt;").replace(">", "&gt;")
    assert f">{escaped}<wbr>[width=1,<wbr>depth=1]</a>" in index.read_text()


def test_one_picture_needs_no_slider(tmp_path):
    folder = RunFolder.under(tmp_path / "results", "s", "digits", "vae", "0123abcd")
    folder.write_samples(np.ones((1, 4, 1, 8, 8), np.float32), np.ones((4, 1, 8, 8), np.float32))
    folder.write_record(Record("s", "digits", "vae", {"options": {}, "steps": 1}, "done", (0,), steps_done=1))
    write_report(genbench.load(tmp_path / "results"), tmp_path / "report")
    for page in (tmp_path / "report").rglob("*.html"):
        assert 'type="range"' not in page.read_text()


def test_pages_say_their_language_and_fit_a_phone(pages):
    for page in pages.values():
        assert '<html lang="en"' in page
        assert 'name="viewport"' in page


def test_a_report_never_replaces_something_else(results, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something that is no report"):
        write_report(genbench.load(results), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_final_images_are_drawn_where_no_picture_of_a_step_was_kept(tmp_path):
    folder = RunFolder.under(tmp_path / "results", "quick", "digits", "vae", "0123abcd")
    white = np.ones((2, 16, 1, 8, 8), np.float32)
    folder.write_samples(white, white[0])
    config = {"options": {}, "steps": 20}
    folder.write_record(Record("quick", "digits", "vae", config, "done", (0, 1), steps_done=20))
    write_report(genbench.load(tmp_path / "results"), tmp_path / "report")
    with Image.open(tmp_path / "report/images/vae-0123abcd/20.png") as picture:
        assert picture.width > 16 * 56


def test_the_board_has_references_and_whatever_columns_the_frame_knows(tmp_path, monkeypatch):
    """Each row has as many cells as the heading: what a table filters by metric, it finds by its place."""
    for index, model in enumerate(("gan", "vae")):
        folder = RunFolder.under(tmp_path / "results", "quick", "ring8", model, f"{index:08x}")
        scores = [Score(seed, 20, "kid_lenet@9", Estimate(3.0 + index, 9)) for seed in (0, 1)]
        folder.write_scores(scores, {"kid_lenet@9": "lower"})
        anchors = {"kid_lenet@9": {"trivial": 3.5, "real": 0.012345}}
        folder.write_record(Record("quick", "ring8", model, {"options": {}}, "done", (0, 1), anchors=anchors))
    known = {"failure_rate": 0.5, "judged": 2, "failures": 1, "symptoms": 1, "below_trivial": [False, True]}
    monkeypatch.setattr(
        "genbench.report.site.tabulate",
        lambda results, made: tabulate(results, made).assign(work=[1.2e12, 3.4e9], needed=7, **known),
    )
    write_report(genbench.load(tmp_path / "results"), tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text()
    table = re.search(r'<table class="board".*?</table>', page, re.DOTALL)[0]
    rows = [re.sub(r"\s+", " ", row) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]
    cells = [[re.sub("<.*?>", "", c).strip() for c in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    heading = ["Method", "Group", "Rank", "kid lenet @9 ↓", "Seeds", "Failures", "Symptoms", "Work"]
    assert cells[0] == heading
    assert {len(row) for row in cells} == {len(heading)}
    assert [row[0] for row in cells[1:]] == ["gan", "vae", "real data", "trivial sampler"]
    assert [row[3] for row in cells[1:]] == ["3 (2 of 2)", "4 (2 of 2) ▽", "0.01235", "3.5"]
    assert [row[6:] for row in cells[1:]] == [
        ["1 of 2", "1.2 TFLOP"],
        ["1 of 2", "3.4 GFLOP"],
        ["", ""],
        ["", ""],
    ]
    for said in ("compares with nothing published", "▽ worse than the trivial sampler", "gan 7, vae 7"):
        assert said in page
