import csv
import io
import json
import math
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from genbench.report import formats
from genbench.report.leaderboard import COLUMNS


def row(
    task: str,
    model: str,
    metric: str | None,
    value: float,
    half: float,
    seeds: int,
    failed: int,
    **other: Any,
) -> dict[str, Any]:
    known = {"task": task, "model": model, "metric": metric, "value": value, "seeds": seeds, "failed": failed}
    ends = {"ci_low": value - half, "ci_high": value + half, "status": "done", "reason": None}
    gaps = {name: None for name in COLUMNS if name not in {*known, *ends}}
    return {**gaps, **known, **ends, "failure_rate": 0.0, "trivial": math.nan, **other}


NAN = math.nan
ROWS = [
    row("ring8", "gan", "modes@2500", 7.5, 0.25, 4, 1, better="higher", rank=1, rank_low=1, rank_high=2),
    row(
        "ring8",
        "wgan[clip=0.1]",
        "modes@2500",
        6,
        NAN,
        1,
        0,
        better="higher",
        rank=2,
        rank_low=2,
        rank_high=2,
    ),
    row("ring8", "gan", "distance", NAN, NAN, 4, 1, better="lower"),
    row("ring8", "dcgan", None, NAN, NAN, 4, 0, status="skipped", reason="points | pixels"),
    row("digits", "vae", "distance", 1234.5, math.inf, 2, 0, better="lower", status="interrupted"),
]
FAILING = {"judged": 3, "failures": 1, "failure_rate": 0.333}
RANKS = {"rank": "Int64", "rank_low": "Int64", "rank_high": "Int64"}
BOARD = pd.DataFrame(ROWS, columns=COLUMNS).astype(RANKS)


def printed() -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(*formats.tables(BOARD))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_json_has_every_row_and_null_for_what_is_not_finite() -> None:
    rows = json.loads(formats.as_json(BOARD))
    assert len(rows) == len(ROWS)
    assert list(rows[0]) == COLUMNS
    assert (rows[0]["value"], rows[0]["seeds"], rows[0]["failed"], rows[0]["rank"]) == (7.5, 4, 1, 1)
    assert rows[1]["ci_low"] is None
    assert (rows[3]["metric"], rows[3]["rank"], rows[3]["reason"]) == (None, None, "points | pixels")
    assert (rows[4]["ci_low"], rows[4]["ci_high"]) == (None, None)


def test_csv_has_every_row() -> None:
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(BOARD))))
    assert [row["model"] for row in rows] == [row["model"] for row in ROWS]
    assert (rows[0]["value"], rows[1]["ci_low"], rows[0]["rank"]) == ("7.5", "", "1")


def test_the_table_has_a_row_a_method_and_a_column_a_metric() -> None:
    lines = printed().splitlines()
    header = next(line for line in lines if "model" in line)
    assert header.split() == ["model", "rank", "seeds", "modes@2500", "↑", "distance", "↓"]
    assert next(line for line in lines if " gan " in line).split() == [
        "gan",
        "1",
        "(1–2)",
        "3",
        "of",
        "4",
        "7.50",
        "±",
        "0.25",
        "–",
    ]
    assert next(line for line in lines if "wgan[clip=0.1]" in line).split() == [
        "wgan[clip=0.1]",
        "2",
        "1",
        "6",
    ]
    assert any("dcgan skipped: points | pixels" in line for line in lines)
    assert any("vae interrupted" in line for line in lines)


def test_markdown_marks_the_best_and_lists_the_skipped() -> None:
    text = formats.markdown(BOARD)
    assert text.splitlines()[:6] == [
        "### ring8",
        "",
        "| model | rank | seeds | modes@2500 ↑ | distance ↓ |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| gan | 1 (1–2) | 3 of 4 | **7.50 ± 0.25** | – |",
        "| wgan[clip=0.1] | 2 | 1 | 6 |  |",
    ]
    assert "- dcgan skipped: points | pixels" in text


def test_a_failure_rate_is_shown_where_there_is_one() -> None:
    board = pd.DataFrame([{**ROWS[0], **FAILING}, ROWS[1]], columns=COLUMNS).astype(RANKS)
    lines = formats.markdown(board).splitlines()
    assert lines[2] == "| model | rank | seeds | failures | modes@2500 ↑ |"
    assert lines[4] == "| gan | 1 (1–2) | 3 of 4 | 1 of 3 judged | **7.50 ± 0.25** |"
    assert lines[5] == "| wgan[clip=0.1] | 2 | 1 | – | 6 |"


def test_latex_is_booktabs_with_everything_escaped() -> None:
    board = BOARD.assign(model=BOARD["model"].replace("wgan[clip=0.1]", r"a_b^{50%}\x"))
    lines = formats.latex(board[board["task"] == "ring8"]).splitlines()
    assert lines[1:4] == [
        r"\begin{tabular}{lrrrr}",
        r"\toprule",
        r"model & rank & seeds & modes@2500 $\uparrow$ & distance $\downarrow$ \\",
    ]
    assert lines[5] == r"gan & 1 (1--2) & 3 of 4 & \textbf{7.50 $\pm$ 0.25} & -- \\"
    assert lines[6] == r"a\_b\textasciicircum{}\{50\%\}\textbackslash{}x & 2 & 1 & 6 &  \\"
    assert lines[7:9] == [r"\bottomrule", r"\end{tabular}"]


def test_an_empty_leaderboard_has_no_tables() -> None:
    assert formats.tables(BOARD.iloc[:0]) == []
    assert formats.markdown(BOARD.iloc[:0]) == ""
    assert json.loads(formats.as_json(BOARD.iloc[:0])) == []


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (12.3456, 0.234, "12.35 ± 0.23"),
        (12.3456, 23.4, "12 ± 23"),
        (0.0123, 0.00045, "0.01230 ± 0.00045"),
        (8.0, 0.0, "8 ± 0"),
        (123456.7, math.nan, "123,457"),
        (123456.7, 1234.0, "123,457 ± 1,234"),
        (1.5e12, math.nan, "1.5e+12"),
        (1e-3, 1e-12, "0.001 ± 1e-12"),
        (math.nan, math.nan, "–"),
        (-math.inf, math.nan, "–"),
    ],
)
def test_values_are_shown_as_precisely_as_they_are_known(value: float, half: float, text: str) -> None:
    assert formats.with_interval(value, half) == text
