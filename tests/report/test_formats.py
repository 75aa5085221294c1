import csv
import io
import json
import math
from typing import Any

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

from genbench.report import formats
from genbench.report.leaderboard import COLUMNS

NAN = math.nan
KNOWN = list(
    dict.fromkeys([*COLUMNS, "needed", "judged", "failures", "symptoms", "work", "below_trivial", "flags"])
)


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
    gaps = {name: None for name in KNOWN if name not in {*known, *ends}}
    return {**gaps, **known, **ends, "failure_rate": 0.0, "trivial": math.nan, "flags": (), **other}


def ranked(rank: int, low: int, high: int) -> dict[str, int]:
    return {"rank": rank, "rank_low": low, "rank_high": high}


ROWS = [
    row("ring8", "gan", "modes@2500", 7.5, 0.25, 4, 1, better="higher", **ranked(1, 1, 2)),
    row("ring8", "wgan[clip=0.1]", "modes@2500", 6, NAN, 1, 0, better="higher", **ranked(2, 2, 2)),
    row("ring8", "gan", "distance", NAN, NAN, 4, 1, better="lower"),
    row("ring8", "dcgan", None, NAN, NAN, 4, 0, status="skipped", reason="points | pixels"),
    row("digits", "vae", "distance", 1234.5, math.inf, 2, 0, better="lower", status="interrupted"),
]
RANKS = {"rank": "Int64", "rank_low": "Int64", "rank_high": "Int64", "needed": "Int64"}


def board(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=KNOWN).astype(RANKS)


BOARD = board(*ROWS)
ANCHORS = {"real": 0.0123456, "trivial": 0.25}
ANCHORED = board(
    row("ring8", "gan", "distance", 0.1, 0.01, 4, 0, better="lower", **ranked(1, 1, 1), **ANCHORS, group="a"),
    row(
        *("ring8", "rbm", "distance", 0.4, 0.01, 4, 0),
        **{"better": "lower", "below_trivial": True, "group": "b", **ranked(2, 2, 2), **ANCHORS},
    ),
)
METRICS = ("high_quality@2500", "sliced_wasserstein@2500", "samples_per_second", "frechet_infinity_lenet@10k")
WIDE = board(
    *(
        row("ring8", model, metric, 0.0878, 0.0056, 4, 0, better="higher", **ranked(1, 1, 9))
        for metric in METRICS
        for model in ("gan", "wgan-gp[architecture=mlp,width=256,steps=600]")
    )
)


def printed(frame: pd.DataFrame = BOARD, width: int | None = None) -> str:
    console = Console(file=io.StringIO(), width=width or 10_000)
    for part in formats.tables(frame, width):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_json_has_every_row_and_null_for_what_is_not_finite() -> None:
    rows = json.loads(formats.as_json(BOARD))
    assert len(rows) == len(ROWS)
    assert list(rows[0]) == KNOWN
    assert (rows[0]["value"], rows[0]["seeds"], rows[0]["failed"], rows[0]["rank"]) == (7.5, 4, 1, 1)
    assert rows[1]["ci_low"] is None
    shown = {own["model"]: own for own in rows if own["task"] == "ring8"}["dcgan"]
    assert (shown["metric"], shown["rank"], shown["reason"]) == (None, None, "points | pixels")
    assert (rows[4]["ci_low"], rows[4]["ci_high"]) == (None, None)


def test_csv_has_every_row() -> None:
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(BOARD))))
    assert [row["model"] for row in rows] == [row["model"] for row in ROWS]
    assert (rows[0]["value"], rows[1]["ci_low"], rows[0]["rank"]) == ("7.5", "", "1")


def test_json_and_csv_have_real_data_and_the_trivial_sampler_as_rows() -> None:
    rows = json.loads(formats.as_json(ANCHORED))
    told = [(own["model"], own["value"], own["status"], own["rank"], own["seeds"]) for own in rows]
    assert told == [
        ("gan", 0.1, "done", 1, 4),
        ("rbm", 0.4, "done", 2, 4),
        ("real data", 0.0123456, "reference", None, None),
        ("trivial sampler", 0.25, "reference", None, None),
    ]
    assert {(own["task"], own["metric"], own["better"]) for own in rows} == {("ring8", "distance", "lower")}
    written = list(csv.DictReader(io.StringIO(formats.as_csv(ANCHORED))))
    assert [(own["model"], own["value"], own["seeds"]) for own in written][1:] == [
        ("rbm", "0.4", "4"),
        ("real data", "0.0123456", ""),
        ("trivial sampler", "0.25", ""),
    ]


def test_counts_and_marks_are_unknown_of_references() -> None:
    counted = ANCHORED.assign(symptoms=1, judged=4, below_trivial=[False, True])
    told = [(own["symptoms"], own["below_trivial"]) for own in json.loads(formats.as_json(counted))]
    assert told == [(1, False), (1, True), (None, None), (None, None)]


def test_flags_are_a_list_in_json_and_one_text_in_csv() -> None:
    flagged = board({**ROWS[0], "flags": ("few samples", "singular covariance")})
    assert json.loads(formats.as_json(flagged))[0]["flags"] == ["few samples", "singular covariance"]
    (own,) = csv.DictReader(io.StringIO(formats.as_csv(flagged)))
    assert own["flags"] == "few samples; singular covariance"
    assert "- modes@2500, few samples: gan." in formats.markdown(flagged)


def test_the_table_has_a_row_a_method_and_a_column_a_metric() -> None:
    lines = printed().splitlines()
    header = next(line for line in lines if "model" in line)
    assert header.split() == ["model", "rank", "seeds", "modes@2500", "↑", "distance", "↓"]
    gan = next(line for line in lines if " gan " in line)
    assert gan.split() == ["gan", "1", "(1–2)", "3", "of", "4", "7.50", "±", "0.25", "–"]
    assert next(line for line in lines if "wgan[clip=0.1]" in line).split() == [
        "wgan[clip=0.1]",
        "2",
        "1",
        "6",
    ]
    assert any("dcgan skipped: points | pixels" in line for line in lines)
    assert any("vae interrupted" in line for line in lines)


def test_real_data_stand_first_and_the_trivial_sampler_last_without_a_rank() -> None:
    names = [line.strip().split("  ")[0] for line in printed(ANCHORED).splitlines()]
    assert [name for name in names if name in ("real data", "gan", "rbm", "trivial sampler")] == [
        "real data",
        "gan",
        "rbm",
        "trivial sampler",
    ]
    assert formats.markdown(ANCHORED).splitlines()[2:8] == [
        "| model | group | rank | seeds | distance ↓ |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| *real data* |  |  |  | *0.01235* |",
        "| gan | a | 1 | 4 | **0.100 ± 0.010** |",
        "| rbm | b | 2 | 4 | 0.400 ± 0.010 ▽ |",
        "| *trivial sampler* |  |  |  | *0.25* |",
    ]
    assert formats.latex(ANCHORED).splitlines()[3:11] == [
        r"model & group & rank & seeds & distance $\downarrow$ \\",
        r"\midrule",
        r"\textit{real data} &  &  &  & \textit{0.01235} \\",
        r"\midrule",
        r"gan & a & 1 & 4 & \textbf{0.100 $\pm$ 0.010} \\",
        r"rbm & b & 2 & 4 & 0.400 $\pm$ 0.010 $\bigtriangledown$ \\",
        r"\midrule",
        r"\textit{trivial sampler} &  &  &  & \textit{0.25} \\",
    ]


def test_the_mark_of_a_score_below_the_trivial_sampler_is_explained_where_it_stands() -> None:
    said = "▽ worse than the trivial sampler, a Gaussian fitted to the training data, beyond noise."
    for text in (printed(ANCHORED), formats.markdown(ANCHORED), formats.latex(ANCHORED)):
        assert said in text
    assert "▽" not in printed()


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


@pytest.mark.parametrize("column", ["group", "failures", "symptoms", "work"])
def test_a_column_stands_where_it_tells_something(column: str) -> None:
    some = {
        "group": {"group": "a"},
        "failures": {"judged": 3, "failures": 1, "failure_rate": 1 / 3, "failure_low": 0, "failure_high": 1},
        "symptoms": {"symptoms": 2},
        "work": {"work": 1.2e12},
    }
    other = {**ROWS[1], "work": 3e12 if column == "work" else None}
    header = formats.markdown(board({**ROWS[0], **some[column]}, other)).splitlines()[2]
    named = [name.strip() for name in header.strip("|").split("|")]
    order = [name for name in ("group", "rank", "seeds", "failures", "symptoms", "work") if name in named]
    assert named == ["model", *order, "modes@2500 ↑"]
    assert set(order) - {"rank", "seeds"} == {column}


def test_symptoms_and_work_are_written_as_people_say_them() -> None:
    first = {**ROWS[0], "symptoms": 2, "work": 1.2e12}
    lines = formats.markdown(board(first, {**ROWS[1], "symptoms": 0, "work": 3.4e9})).splitlines()
    assert lines[4] == "| gan | 1 (1–2) | 3 of 4 | 2 of 4 | 1.2 TFLOP | **7.50 ± 0.25** |"
    assert lines[5] == "| wgan[clip=0.1] | 2 | 1 | 0 of 1 | 3.4 GFLOP | 6 |"


def test_a_score_without_spread_says_how_many_seeds_have_it() -> None:
    text = formats.markdown(board(row("ring8", "gan", "modes", 8.0, 0.0, 4, 1, better="higher")))
    assert "| 8 (3 of 4) |" in text
    assert "no spread among few seeds is no certainty" in text


def test_latex_is_booktabs_with_everything_escaped() -> None:
    frame = BOARD.assign(model=BOARD["model"].replace("wgan[clip=0.1]", r"a_b^{50%}\x"))
    lines = formats.latex(frame[frame["task"] == "ring8"]).splitlines()
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


def headings(text: str) -> list[str]:
    """What stands above each rule, the folded lines of each heading put together again."""
    lines, found = text.splitlines(), []
    for end in (index for index, line in enumerate(lines) if line.strip() and set(line.strip()) == {"─"}):
        start = max(index for index in range(end) if not lines[index].strip() or "ring8" in lines[index])
        block = lines[start + 1 : end]
        size = max(map(len, block), default=0)
        empty = [all(line.ljust(size)[place] == " " for line in block) for place in range(size)]
        own, words = "", []
        for place in range(size):
            if empty[place] and (place + 1 == size or empty[place + 1]):
                words.append(own)
                own = ""
            else:
                own += chr(0xE000 + place)
        for word in [*words, own]:
            places = [ord(letter) - 0xE000 for letter in word]
            found.append("".join("".join(line.ljust(size)[p] for p in places).strip() for line in block))
    return [name for name in found if name]


@pytest.mark.parametrize("width", [40, 80, 120, None])
def test_headings_are_whole_at_any_width_and_names_are_repeated(width: int | None) -> None:
    text = printed(WIDE, width)
    limit = width or 10_000
    assert max(cell_len(line) for line in text.splitlines()) <= limit
    assert "…" not in text
    found = [name.replace(" ", "") for name in headings(text)]
    wanted = ["rank", "seeds", *(f"{metric}↑" for metric in METRICS)]
    assert [name for name in found if name != "model"] == wanted
    parts = found.count("model")
    assert text.count("wgan-gp") == parts
    assert text.count("ring8, continued") == parts - 1
    assert text.count("0.0878 ± 0.0056") == 8
    assert (parts == 1) == (width is None)


def test_in_a_pipe_names_are_whole() -> None:
    assert "wgan-gp[architecture=mlp,width=256,steps=600]" in printed(WIDE)
