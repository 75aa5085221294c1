"""Logs as other tools write them, each with the values that it holds."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from reading_logs import BREAKS, BROKEN, STEPS, D, G, N, breaks, clear, log_of, said, up_to_the_break, values

from genbench.detectors.logs import Log, read_log
from genbench.detectors.logs.numbers import decimal_comma, numeric
from genbench.types import InputError

FRAME = pd.DataFrame({"step": STEPS, "g_loss": BROKEN, "d_loss": D})
RECORDS = [
    {"step": int(s), "g_loss": float(g), "d_loss": float(d)} for s, g, d in zip(STEPS, BROKEN, D, strict=True)
]
CRITIC = dict(zip(STEPS.tolist(), D, strict=True))


def check(log: Log) -> None:
    """A log of `FRAME`."""
    assert values(log, "generator/loss") == up_to_the_break()
    assert values(log, "critic/loss") == CRITIC
    assert breaks(log) == BREAKS


def table(frame: pd.DataFrame = FRAME, sep: str = ",", decimal: str = ".") -> str:
    return frame.to_csv(index=False, na_rep="nan", sep=sep, decimal=decimal)


CSVS = {
    "plain": table(),
    "semicolons": table(sep=";"),
    "tabs": table(sep="\t"),
    "bars": table(sep="|"),
    "blanks": table(sep=" "),
    "decimal commas": table(sep=";", decimal=","),
    "decimal commas in quotes": table(decimal=","),
    "decimal commas and tabs": table(sep="\t", decimal=","),
    "a byte order mark": "\ufeff" + table(),
    "UTF-16": table().encode("utf-16"),
    "Windows lines": table().replace("\n", "\r\n"),
    "Excel's first line": "sep=;\n" + table(sep=";", decimal=","),
    "comments before": "# run 5\n#\n\n" + table(),
    "the header a comment": "# " + table(),
    "blanks after commas": table().replace(",", ", "),
    "an index": FRAME.to_csv(na_rep="nan"),
    "no last line end": table().rstrip("\n"),
    "a cut last line": table() + "2000,0.",
    "the header twice": table(FRAME[:80]) + table(FRAME[80:]),
    "empty lines": table().replace("\n", "\n\n"),
    "quotes": FRAME.to_csv(index=False, na_rep="nan", quoting=csv.QUOTE_ALL),
    "German thousands": FRAME.assign(step=[f"{s:,}".replace(",", ".") for s in STEPS]).to_csv(
        index=False, sep=";", decimal=",", na_rep="nan"
    ),
    "lines of old Macs": table().replace("\n", "\r"),
    "wide characters without a mark": table().encode("utf-16-le"),
    "full-width digits": table().translate({48 + i: 0xFF10 + i for i in range(10)}),
    "Latin-1": table(FRAME.assign(durée=1)).encode("latin-1"),
    "percent signs in a comment": "# 5 %\n" + table(),
}


@pytest.mark.parametrize("kind", sorted(CSVS))
def test_csv(kind, tmp_path):
    check(log_of(tmp_path, "log.csv", CSVS[kind]))


def test_suffixes_may_be_capitals(tmp_path):
    check(log_of(tmp_path, "LOG.CSV", table()))
    check(log_of(tmp_path, "LOG.JSONL", "\n".join(map(json.dumps, RECORDS))))


def test_what_a_csv_lacks_is_said(tmp_path):
    log = log_of(tmp_path, "log.csv", table() + "2000,1.0\n2010,1.0,1.0,77\n2020,0")
    assert values(log, "critic/loss") == CRITIC
    assert values(log, "generator/loss")[2000] == 1.0
    for note in ("1 line with more cells", "1 line with fewer cells", "last line is cut off"):
        assert said(log, note), note


def test_a_header_that_comes_again_with_more_columns(tmp_path):
    log = log_of(tmp_path, "log.csv", table(FRAME[["step", "d_loss"]][:80]) + table(FRAME[80:]))
    assert values(log, "critic/loss") == CRITIC
    assert values(log, "generator/loss") == {s: v for s, v in up_to_the_break().items() if s >= 800}
    assert said(log, "the header stands 2 times")


def test_a_csv_without_a_header(tmp_path):
    with pytest.raises(InputError, match="has no header: its first line holds numbers"):
        log_of(tmp_path, "log.csv", "0,1.5\n1,1.4\n")


def cut(text: str) -> str:
    return text[: int(len(text) * 0.9)]


def columns(records: list[dict[str, float]]) -> dict[str, list[float]]:
    return {name: [record[name] for record in records] for name in records[0]}


JSONS = {
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "lines with a cut last one": "\n".join(map(json.dumps, RECORDS)) + '\n{"step": 2000, "g_lo',
    "lines with a torn one between": "\n".join(
        [*map(json.dumps, RECORDS[:9]), '{"st', *map(json.dumps, RECORDS[9:])]
    ),
    "lines and empty ones": "\n\n".join(map(json.dumps, RECORDS)),
    "a list": json.dumps(RECORDS),
    "an indented list": json.dumps(RECORDS, indent=2),
    "a list that was cut": json.dumps([*RECORDS, {"step": 2000}])[:-4],
    "a dictionary of lists": json.dumps(columns(RECORDS)),
    "a history of lists": json.dumps({"params": {"epochs": 3}, "history": columns(RECORDS)}),
    "a frame of pandas": pd.DataFrame(RECORDS).fillna("nan").to_json(),
    "a history of records": json.dumps({"best": None, "log_history": RECORDS, "step": 9}, indent=1),
    "records one after the other": "".join(json.dumps(record, indent=1) for record in RECORDS),
    "a byte order mark": "\ufeff" + json.dumps(RECORDS),
    "by step": json.dumps({r["step"]: {"g_loss": r["g_loss"], "d_loss": r["d_loss"]} for r in RECORDS}),
    "a frame split": pd.DataFrame(RECORDS).fillna("nan").to_json(orient="split"),
    "a frame by rows": pd.DataFrame(RECORDS).fillna("nan").to_json(orient="index"),
    "nested": "\n".join(
        json.dumps(
            {"_step": r["step"], "train": {"loss": {"G": r["g_loss"], "D": r["d_loss"]}}, "_timestamp": 1.5}
        )
        for r in RECORDS
    ),
}


@pytest.mark.parametrize("kind", sorted(JSONS))
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_json(kind, suffix, tmp_path):
    check(log_of(tmp_path, f"log{suffix}", JSONS[kind]))


def test_what_a_killed_run_leaves_is_said(tmp_path):
    assert said(log_of(tmp_path, "log.jsonl", JSONS["lines with a cut last one"]), "last line is cut off")
    torn = log_of(tmp_path, "log.jsonl", JSONS["lines with a torn one between"])
    assert said(torn, "1 line without a whole record left out")
    half = log_of(tmp_path, "log.json", JSONS["an indented list"][: len(JSONS["an indented list"]) // 2])
    assert values(half, "critic/loss").items() <= CRITIC.items()
    assert len(values(half, "critic/loss")) in range(95, 105)


def test_null_stands_for_nan(tmp_path):
    lines = [json.dumps({**r, "g_loss": None if np.isnan(r["g_loss"]) else r["g_loss"]}) for r in RECORDS]
    check(log_of(tmp_path, "log.jsonl", "\n".join(lines)))


def test_lists_of_unequal_lengths(tmp_path):
    log = log_of(tmp_path, "history.json", json.dumps({"loss": list(G), "val_loss": list(D[:50])}))
    assert values(log, "val_loss") == dict(enumerate(D[:50]))
    assert clear(log)


def hugging_face(losses: np.ndarray) -> str:
    history = [
        {"epoch": i / 50, "grad_norm": 1.0, "loss": float(v), "step": (i + 1) * 10}
        for i, v in enumerate(losses)
    ]
    history += [
        {"epoch": 4.0, "eval_loss": 1.5, "step": 2000},
        {"epoch": 4.0, "step": 2000, "train_loss": 0.7},
    ]
    return json.dumps({"best_metric": None, "global_step": 2000, "log_history": history}, indent=2)


def test_trainer_state_of_hugging_face(tmp_path):
    log = log_of(tmp_path, "trainer_state.json", hugging_face(G))
    assert values(log, "loss") == dict(zip((STEPS + 10).tolist(), G, strict=True))
    assert values(log, "eval_loss") == {2000: 1.5}
    assert clear(log)
    assert breaks(log_of(tmp_path, "trainer_state.json", hugging_face(BROKEN))) == [(0, (1500, 1510))]


def test_stats_of_stylegan(tmp_path):
    def stat(value: float, num: int = 256) -> dict[str, float]:
        return {"num": num, "mean": value, "std": 0.1}

    lines = [
        {
            "Loss/G/loss": stat(g),
            "Loss/D/loss": stat(d),
            "Loss/pl_penalty": stat(float("nan"), 0),
            "Progress/tick": stat(i, 1),
            "Progress/kimg": stat(0.2 + 4 * i, 1),
            "timestamp": 1.6e9 + i,
        }
        for i, (g, d) in enumerate(zip(BROKEN, D, strict=True))
    ]
    log = log_of(tmp_path, "stats.jsonl", "\n".join(map(json.dumps, lines)))
    assert values(log, "generator/loss") == up_to_the_break(np.arange(N))
    assert breaks(log) == [(0, (149, 150))]
    assert said(log, "0 is 0.2 and 199 is 796.2")
    well = [{**line, "Loss/G/loss": stat(1.0)} for line in lines]
    assert clear(log_of(tmp_path, "well.jsonl", "\n".join(map(json.dumps, well))))


def test_an_export_of_wandb(tmp_path):
    frame = pd.DataFrame({"Step": STEPS})
    for run, loss in (("lr=0.1 - a", BROKEN), ("lr=0.2 - a", G)):
        frame[f"{run} - loss_G"] = frame[f"{run} - loss_G__MIN"] = frame[f"{run} - loss_G__MAX"] = loss
    log = log_of(tmp_path, "wandb.csv", frame.to_csv(index=False, na_rep="NaN"))
    assert breaks(log) == BREAKS
    assert values(log, "generator/loss", 1) == dict(zip(STEPS.tolist(), G, strict=True))
    assert said(log, "seed 0 is run lr=0.1 - a, seed 1 is run lr=0.2 - a")
    assert said(log, "4 columns of bounds")


def test_a_run_of_wandb_that_is_shorter_did_not_break(tmp_path):
    frame = pd.DataFrame({"Step": STEPS, "a - loss": np.where(STEPS < 900, G, np.nan), "b - loss": G})
    log = log_of(tmp_path, "wandb.csv", frame.to_csv(index=False))
    assert breaks(log) == []
    assert len(values(log, "loss", 0)) == 90


@pytest.mark.parametrize("column", ["lr=0.1 - G", "G"])
def test_columns_of_wandb_are_mapped_whole_or_by_metric(column, tmp_path):
    frame = pd.DataFrame({"Step": STEPS, "lr=0.1 - G": BROKEN})
    log = log_of(tmp_path, "wandb.csv", frame.to_csv(index=False, na_rep="NaN"), {column: "generator/loss"})
    assert values(log, "generator/loss") == up_to_the_break()


def test_what_tensorboard_lets_people_download(tmp_path):
    frame = pd.DataFrame({"Wall time": 1.6e9 + STEPS, "Step": STEPS, "Value": BROKEN})
    log = log_of(tmp_path, "run-exp-tag-Loss_G.csv", frame.to_csv(index=False, na_rep="NaN"))
    assert values(log, "generator/loss") == up_to_the_break()
    assert breaks(log) == BREAKS
    triples = frame.to_numpy().tolist()
    log = log_of(tmp_path, "run-exp-tag-errD.json", json.dumps(triples))
    assert values(log, "critic/loss") == up_to_the_break()


def test_metrics_of_lightning(tmp_path):
    rows = ["epoch,step,train_loss,val_loss"]
    for i, value in enumerate(BROKEN):
        rows.append(f"{i // 20},{STEPS[i]},{value},")
        rows += [f"{i // 20},{STEPS[i]},,{D[i]}"] if i % 20 == 19 else []
    log = log_of(tmp_path, "metrics.csv", "\n".join([*rows, ""]))
    assert values(log, "train_loss") == up_to_the_break()
    assert values(log, "val_loss") == {s: d for s, d in CRITIC.items() if s % 200 == 190}
    assert breaks(log) == BREAKS


def number(value: float) -> str:
    return "nan" if np.isnan(value) else f"{value:.4f}"


def pix2pix(i: int) -> str:
    return (
        f"(epoch: {i // 20 + 1}, iters: {(i % 20 + 1) * 100}, time: 0.312, data: 0.145) "
        f"G_GAN: {number(BROKEN[i])} G_L1: 22.3 D_real: {D[i]:.4f} D_fake: 0.6 "
    )


LINES = {
    "pix2pix": (pix2pix, "loss_G_GAN", "loss_D_real", 100 + 100 * np.arange(N)),
    "DCGAN": (
        lambda i: (
            f"[{i // 20}/25][{i % 20}/20]\tLoss_D: {D[i]}\tLoss_G: {number(BROKEN[i])}\t"
            "D(x): 0.8\tD(G(z)): 0.4 / 0.1"
        ),
        "generator/loss",
        "critic/loss",
        np.arange(N),
    ),
    "brackets": (
        lambda i: f"[Epoch {i // 20}/200] [Batch {i % 20}/20] [D loss: {D[i]}] [G loss: {number(BROKEN[i])}]",
        "generator/loss",
        "critic/loss",
        np.arange(N),
    ),
    "two lines": (
        lambda i: (
            f"Epoch [{i // 20}/200] Batch {i % 20}/20 \\\n     Loss D: {D[i]}, loss G: {number(BROKEN[i])}"
        ),
        "generator/loss",
        "critic/loss",
        np.arange(N),
    ),
    "logging": (
        lambda i: (
            f"2024-01-07 10:00:00,123 INFO train.py:88 step {i * 10}/6000 | "
            f"g_loss={number(BROKEN[i])} d_loss={D[i]} lr=2e-4"
        ),
        "generator/loss",
        "critic/loss",
        STEPS,
    ),
    "progress bars": (
        lambda i: (
            f"step {i}:  45%|███   | {i % 20}/20 [00:10<00:12, 4.5it/s, "
            f"g_loss={number(BROKEN[i])}, d_loss={D[i]}]"
        ),
        "generator/loss",
        "critic/loss",
        np.arange(N),
    ),
    "units": (
        lambda i: f"iter {i}: gen loss {number(BROKEN[i])}, disc loss {D[i]}, time 123.45ms, mfu 1.2%",
        "generator/loss",
        "critic/loss",
        np.arange(N),
    ),
    "dictionaries": (
        lambda i: f"{{'step': {i * 10}, 'g_loss': {number(BROKEN[i])}, 'd_loss': {D[i]}}}",
        "generator/loss",
        "critic/loss",
        STEPS,
    ),
}


@pytest.mark.parametrize("kind", sorted(LINES))
@pytest.mark.parametrize("suffix", [".txt", ".log"])
def test_printed_lines(kind, suffix, tmp_path):
    line, generator, critic, steps = LINES[kind]
    text = "======== Training Loss (Sun Jan  7 10:00:00 2024) ========\n" + "\n".join(map(line, range(N)))
    log = log_of(tmp_path, f"log{suffix}", text)
    assert values(log, generator) == up_to_the_break(steps)
    assert values(log, critic) == dict(zip(steps.tolist(), D, strict=True))
    assert breaks(log) == [(0, (int(steps[149]), int(steps[150])))]
    assert said(log, "1 line without a step and values left out")


def test_a_table_in_a_text(tmp_path):
    check(log_of(tmp_path, "log.txt", FRAME.to_string(index=False, na_rep="nan")))


def test_a_log_of_pix2pix_that_was_begun_again(tmp_path):
    head = "======== Training Loss (Sun Jan  7 10:00:00 2024) ========\n"
    well = (head + "\n".join(map(pix2pix, range(N)))).replace("nan", "1.0")
    log = log_of(tmp_path, "loss_log.txt", well + "\n" + head + "\n".join(map(pix2pix, range(N))))
    assert breaks(log) == [(1, (15000, 15100))]


NAMES = {
    "loss_G": "loss_D",
    "errG": "errD",
    "Loss_G": "Loss_D",
    "lossG": "lossD",
    "g_loss": "d_loss",
    "G_loss": "D_loss",
    "gloss": "dloss",
    "GLoss": "DLoss",
    "Loss/G": "Loss/D",
    "loss/g": "loss/d",
    "Loss/G/loss": "Loss/D/loss",
    "generator_loss": "discriminator_loss",
    "train/loss_G": "train/loss_D",
    "gen_loss": "disc_loss",
    "netG_loss": "netD_loss",
    "loss_gen": "loss_critic",
    "G/loss": "D/loss",
    "Generator Loss": "Discriminator Loss",
    "err_g": "err_d",
    "loss.g": "loss.d",
    "total_loss_G": "total_loss_D",
}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_losses_by_their_names(name, tmp_path):
    renamed = FRAME.rename(columns={"g_loss": name, "d_loss": NAMES[name]})
    check(log_of(tmp_path, "log.csv", table(renamed)))


def test_two_losses_of_one_player_keep_their_names(tmp_path):
    log = log_of(tmp_path, "log.csv", table(FRAME.assign(loss_G=D)))
    assert values(log, "g_loss") == up_to_the_break()
    assert values(log, "loss_G") == CRITIC
    assert breaks(log) == BREAKS


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["G", "D"], "--map G=generator/loss"),
        (["netD", "x"], "--map netD=critic/loss"),
        (["my value", "x"], "--map 'my value=generator/loss'"),
        (["a; rm -rf ~", "x"], "--map 'a; rm -rf ~=generator/loss'"),
    ],
)
def test_a_name_that_says_nothing_is_told_how_to_map(names, line, tmp_path):
    log = log_of(tmp_path, "log.csv", table(FRAME.set_axis(["step", *names], axis=1)))
    assert said(log, f"if one is a loss, write for example {line}")


def test_notes_hold_no_signs_that_a_terminal_obeys(tmp_path):
    log = log_of(tmp_path, "log.csv", table(FRAME.rename(columns={"d_loss": "\x1b]52;c;aGk=\x07"})))
    assert any("]52" in note for note in log.notes)
    assert all(note.isprintable() for note in log.notes)


@pytest.mark.parametrize("dtype", ["float32", "float64[pyarrow]", "string", "object"])
def test_parquet_of_any_type(dtype, tmp_path):
    frame = FRAME.astype({"step": "int32"})
    frame[["g_loss", "d_loss"]] = frame[["g_loss", "d_loss"]].astype(dtype)
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    log = log_of(tmp_path, "log.parquet", buffer.getvalue())
    assert breaks(log) == BREAKS
    assert values(log, "critic/loss") == pytest.approx(CRITIC)


@pytest.mark.parametrize(
    ("cell", "comma", "number"),
    [
        ("1,000", False, 1000),
        ("1,000", True, 1),
        ("1.000", True, 1000),
        ("1.000", False, 1),
        ("0,125", False, 0.125),
        ("0.125", True, 0.125),
        ("1,234,567", True, 1234567),
        ("1.234.567", False, 1234567),
        ("1.234,5", False, 1234.5),
        ("1,234.5", True, 1234.5),
        ("-1 234,5", True, -1234.5),
        ("1e-3", True, 1e-3),
        ("-2,5e-3", True, -2.5e-3),
        ("tensor(0.5, grad_fn=<X>)", False, 0.5),
        (" 7 ", False, 7),
        ("1,2,3", False, None),
        ("1.2.3", False, None),
        ("12abc", False, None),
        ("0x10", False, None),
        ("−2.5", False, -2.5),
        ("9" * 400, False, np.inf),
        ("x" * 400, False, None),
        ("", False, None),
        (True, False, None),
        ([1.0], False, None),
        (10**400, False, None),
    ],
)
def test_cells(cell, comma, number):
    found = numeric(pd.Series([cell], dtype=object), comma)
    assert found.written[0] == (number is not None)
    assert number is None or found.values[0] == number
    assert found.odd[0] == (number is None and cell != "")


def test_the_decimal_mark_of_a_file_is_that_of_most_cells():
    assert decimal_comma(["0,5", "0,25", "1.5"], otherwise=False)
    assert not decimal_comma(["0.5", "0.25", "1,5"], otherwise=True)
    assert decimal_comma(["1.000", "1,000", "7"], otherwise=True)


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("log.json", "[[[[" * 100_000, "it holds no records"),
        ("log.json", '{"a":' * 100_000, "it holds no records"),
        ("log.json", '"text"', "it holds no records"),
        ("log.jsonl", "[1, 2]\n[3, 4]", "it holds no records"),
        ("log.csv", "\x00\x00\x00", "holds no numbers"),
        ("log.csv", '"' + "x" * 200_000, "cannot be read as .csv"),
        ("log.csv", ",".join(f"c{i}" for i in range(50_000)) + "\n", "has 50000 columns"),
        ("log.jsonl", "\n".join(f'{{"c{i}": 1}}' for i in range(10_001)), "has 10001 columns"),
        ("log.txt", "-" * 1_000_000 + "\n" + "a1 " * 1_000_000, "has no line with a step"),
        ("log.txt", "hello\nworld 5\n", "has no line with a step"),
        ("log.xlsx", "x", "expected a run folder, .csv"),
        ("log.csv", "step,g_loss\n1,\n2,\n", "holds no numbers"),
    ],
)
def test_what_is_no_log_is_one_sentence(name, text, match, tmp_path):
    with pytest.raises(InputError, match=match):
        log_of(tmp_path, name, text)


def test_integers_of_thousands_of_digits_are_infinite(tmp_path):
    lines = [*map(json.dumps, RECORDS[:100]), '{"step": 1000, "g_loss": %s}' % ("9" * 5000)]
    assert breaks(log_of(tmp_path, "log.jsonl", "\n".join(lines))) == [(0, (990, 1000))]


def test_a_text_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "log.csv"
    with path.open("wb") as file:
        file.truncate(300_000_000)
    with pytest.raises(InputError, match="has 300000000 bytes"):
        read_log(path)
