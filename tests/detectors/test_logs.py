"""Logs of strangers become traces."""

import json

import numpy as np
import pandas as pd
import pytest
from torch.utils.tensorboard import SummaryWriter
from traces_by_hand import GAN, LOOKS, STEPS, since, trace

from genbench.detectors import diagnose
from genbench.detectors.logs import read_log
from genbench.types import InputError


@pytest.fixture
def sick() -> pd.DataFrame:
    """A wide log of a run that collapses at look 20."""
    frame = trace(GAN, sample__starved_mass=since(20, 0.7, 0.0)).frame
    return frame.pivot(index="step", columns="signal", values="value").reset_index()


def detected(path, mapping=None) -> list[str]:
    return [v.detector for v in diagnose(read_log(path, mapping)) if v.verdict == "detected"]


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_wide_logs(sick, form, tmp_path):
    path = tmp_path / f"log.{form}"
    writers = {
        "csv": lambda: sick.to_csv(path, index=False),
        "parquet": lambda: sick.to_parquet(path, index=False),
        "jsonl": lambda: sick.to_json(path, orient="records", lines=True),
    }
    writers[form]()
    assert detected(path) == ["mode_collapse"]


def test_tidy_logs_with_seeds(tmp_path):
    frames = [trace(GAN, seed=4).frame, trace(GAN, seed=9, sample__starved_mass=0.7).frame]
    path = tmp_path / "log.csv"
    pd.concat(frames)[["seed", "step", "signal", "value"]].to_csv(path, index=False)
    found = [(v.seed, v.detector) for v in diagnose(read_log(path)) if v.verdict == "detected"]
    assert found == [(9, "mode_collapse")]


def test_columns_of_other_names(sick, tmp_path):
    path = tmp_path / "log.csv"
    renamed = sick.rename(columns={"sample/starved_mass": "mm", "step": "it"})
    renamed.to_csv(path, index=False)
    assert detected(path, {"mm": "sample/starved_mass", "it": "step"}) == ["mode_collapse"]
    with pytest.raises(InputError, match="no step column; name it with --map"):
        read_log(path, {"mm": "sample/starved_mass"})
    with pytest.raises(InputError, match="no column 'nn' to map"):
        read_log(path, {"nn": "x"})


def test_runs_with_names_are_numbered(sick, tmp_path):
    path = tmp_path / "log.csv"
    pd.concat([sick.assign(run="b"), sick.assign(run="a")]).to_csv(path, index=False)
    assert sorted(set(read_log(path).frame["seed"])) == [0, 1]


def test_a_loss_that_ends_in_nan_is_found(tmp_path):
    loss = np.where(np.arange(LOOKS) < 30, 1.0, np.nan)
    path = tmp_path / "log.csv"
    pd.DataFrame({"step": STEPS, "g_loss": loss}).to_csv(path, index=False)
    (found,) = [v for v in diagnose(read_log(path)) if v.verdict == "detected"]
    assert (found.detector, found.subtype, found.onset) == ("exploding_gradient", "not finite", (600, 620))


def test_gaps_of_a_loss_are_no_news(tmp_path):
    loss = np.where(np.arange(LOOKS) % 5 == 0, 1.0, np.nan)
    path = tmp_path / "log.csv"
    pd.DataFrame({"step": STEPS, "g_loss": loss}).to_csv(path, index=False)
    assert detected(path) == []


def test_event_files(sick, tmp_path):
    writer = SummaryWriter(tmp_path / "run")
    for row in sick.to_dict("records"):
        for name in GAN:
            writer.add_scalar(name, row[name], row["step"])
    writer.close()
    assert detected(tmp_path / "run") == ["mode_collapse"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("log.txt", "x", "expected a run folder, .csv"),
        ("log.csv", "", "cannot be read as .csv"),
        ("log.jsonl", "{", "cannot be read as .jsonl"),
        ("log.csv", "step,name\n1,a\n", "holds no numbers with a step"),
    ],
)
def test_what_is_no_log(name, text, said, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_log(path)


def test_a_folder_without_events(tmp_path):
    with pytest.raises(InputError, match="no event files"):
        read_log(tmp_path)


def test_json_of_verdicts_is_plain(sick, tmp_path):
    sick.to_csv(tmp_path / "log.csv", index=False)
    verdicts = diagnose(read_log(tmp_path / "log.csv"))
    assert json.loads(json.dumps([vars(v) for v in verdicts]))[0]["seed"] == 0
