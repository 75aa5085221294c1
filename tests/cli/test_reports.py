"""report, figures and compare, by command."""

import html
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genbench.citations import bibtex
from genbench.cli import app
from genbench.registry import models
from genbench.store import RunFolder
from genbench.types import Estimate, Record, Score

RUN = CliRunner()


def put(root: Path, model: str, values: Mapping[int, float]) -> Path:
    """A finished run; returns the folder of results."""
    run = RunFolder.under(root, "suite", "ring8", model, "0123abcd")
    run.write_scores(
        [Score(s, 9, "modes@9", Estimate(v, 9)) for s, v in values.items()], {"modes@9": "higher"}
    )
    config = {"options": {}, "task_options": {}, "steps": 9, "batch": 8}
    data = {"checksum": "c0"}
    run.write_record(Record("suite", "ring8", model, config, "done", tuple(values), data=data))
    return root


GOOD = {0: 8.0, 1: 7.9, 2: 8.1, 3: 8.0}
POOR = {0: 4.0, 1: 3.8, 2: 4.3, 3: 4.1}


def test_compare_exits_1_on_a_regression_and_0_without(tmp_path: Path) -> None:
    base, new = put(tmp_path / "base", "gan", GOOD), put(tmp_path / "new", "gan", POOR)
    worse = RUN.invoke(app, ["compare", str(base), str(new)])
    assert worse.exit_code == 1
    assert "worse" in worse.output
    assert RUN.invoke(app, ["compare", str(new), str(base)]).exit_code == 0
    assert RUN.invoke(app, ["compare", str(base), str(new), "--margin", "0.9"]).exit_code == 0


def test_compare_speaks_json(tmp_path: Path) -> None:
    base, new = put(tmp_path / "base", "gan", GOOD), put(tmp_path / "new", "gan", POOR)
    put(new, "vae", GOOD)
    found = json.loads(RUN.invoke(app, ["compare", str(base), str(new), "--json"]).output)
    assert (found["regressions"], found["added"], found["missing"]) == (1, [["ring8", "vae", "modes@9"]], [])
    assert found["scores"][0]["outcome"] == "worse"


def test_report_names_the_page_and_has_bibtex(tmp_path: Path) -> None:
    root = put(tmp_path / "results", "wgan-gp", GOOD)
    done = RUN.invoke(app, ["report", str(root), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert done.output.strip() == f"report: {tmp_path / 'out' / 'index.html'}"
    page = html.unescape((tmp_path / "out/index.html").read_text())
    assert bibtex(str(models["wgan-gp"].cite)) in page


@pytest.mark.parametrize("form", ["csv", "json", "md", "latex", "table"])
def test_every_format_of_the_leaderboard_names_the_method(tmp_path: Path, form: str) -> None:
    root = put(tmp_path, "gan", GOOD)
    done = RUN.invoke(app, ["leaderboard", str(root), "--format", form])
    assert done.exit_code == 0
    assert "gan" in done.output
