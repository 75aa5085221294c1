import io
import json
import math
import os
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genbench.store import RunFolder
from genbench.store.tables import score_bytes, scores
from genbench.suite.renamed import ADDED
from genbench.types import Estimate, InputError, Record, Score, Verdict

RECORD = Record(
    suite="quick",
    task="ring8",
    model="gan",
    config={
        "options": {"width": 64, "clip": math.inf, "betas": [0.5, 0.9], **ADDED["gan"]},
        "steps": 10,
        "metrics": None,
    },
    status="failed",
    seeds=(0, 3),
    steps_done=7,
    failures={3: "the loss of the critic is not finite at step 7"},
    reason="one of two seeds failed",
    seconds={"training": 1.25, "evaluation": 0.1},
    environment={"torch": "2.14.1"},
    data={"checksum": "abc"},
)
TRACE = pd.DataFrame(
    {
        "seed": [0, 0, 1],
        "step": [1, 2, 1],
        "seconds": [0.1, 0.2, 0.1],
        "samples": [128, 256, 128],
        "signal": ["loss.critic", "loss.critic", "loss.generator"],
        "value": [0.5, math.nan, -math.inf],
    }
)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.under(tmp_path, "quick", "ring8", "gan", "0123abcd")


def test_the_path_is_made_of_checked_names(run: RunFolder, tmp_path: Path) -> None:
    assert run.path == tmp_path / "quick" / "ring8" / "gan-0123abcd"
    assert run.key == "0123abcd"
    assert run.state_path == run.path / "state.safetensors"


@pytest.mark.parametrize("name", ["..", "a/b", "", ".hidden", "a b", "a\n", "ä", "C:"])
def test_names_that_could_leave_the_root_are_refused(name: str, run: RunFolder) -> None:
    with pytest.raises(InputError, match="cannot name a run or a file"):
        RunFolder.under("results", name, "ring8", "gan", "0123abcd")
    with pytest.raises(InputError, match="cannot name a run or a file"):
        run.write_bytes(f"samples/../{name}", b"")


def test_records_round_trip(run: RunFolder) -> None:
    run.write_record(RECORD)
    assert run.read_record() == RECORD


def test_a_record_may_hold_numpy_numbers_and_any_mapping(run: RunFolder) -> None:
    run.write_record(Record("a", "b", "c", MappingProxyType({"n": np.int64(3)}), "done", (0,)))
    assert run.read_record().config == {"n": 3}


def test_a_record_with_anything_else_is_not_written(run: RunFolder) -> None:
    with pytest.raises(TypeError, match="cannot be kept in a record"):
        run.write_record(Record("a", "b", "c", {"loss": print}, "done", (0,)))
    assert not (run.path / "record.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"suite": 3}', json.dumps({"status": "odd"})])
def test_a_damaged_record_is_named(run: RunFolder, content: str) -> None:
    run.path.mkdir(parents=True)
    (run.path / "record.json").write_text(content)
    with pytest.raises(InputError, match=r"record\.json is damaged"):
        run.read_record()


def test_a_record_of_a_later_version_can_be_read(run: RunFolder) -> None:
    run.write_record(RECORD)
    path = run.path / "record.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "news": 1}))
    assert run.read_record() == RECORD


@pytest.mark.parametrize(
    ("model", "old", "new"),
    [
        (
            "gan",
            {"width": 8, "flips": 0.1, "rate": 1},
            {"width": 8, "label_flips": 0.1, "rate": 1, **ADDED["gan"]},
        ),
        (
            "lsgan",
            {"kernels": 3, "freeze": 0.8},
            {"minibatch_kernels": 3, "freeze_above": 0.8, **ADDED["lsgan"]},
        ),
        ("vae", {"dynamic": True}, {"dynamic_binarization": True, "restarts": True}),
        ("vae", {"flips": 0.1, "restarts": False}, {"flips": 0.1, "restarts": False}),
        ("of-a-plugin", {"dynamic": True}, {"dynamic": True}),
        (
            "vae",
            {"dynamic": 1, "dynamic_binarization": 2},
            {"dynamic": 1, "dynamic_binarization": 2, "restarts": True},
        ),
        ("vae", [3], [3]),
    ],
    ids=str,
)
def test_options_are_read_by_the_names_that_they_have_today(run: RunFolder, model, old, new) -> None:
    run.write_record(Record("a", "b", model, {"options": old}, "done", (0,)))
    options = run.read_record().config["options"]
    assert options == new
    assert list(options) == list(new)


def test_traces_round_trip(run: RunFolder) -> None:
    run.write_trace(TRACE.assign(extra=1)[["value", "extra", *TRACE.columns[:-1]]])
    pd.testing.assert_frame_equal(run.read_trace(), TRACE)


def test_an_incomplete_trace_is_refused(run: RunFolder) -> None:
    with pytest.raises(InputError, match="a trace needs the columns seed"):
        run.write_trace(TRACE.drop(columns="step"))
    with pytest.raises(InputError, match="a trace needs the columns seed"):
        run.write_trace(TRACE.assign(step=["a", "b", "c"]))


def test_what_was_not_written_is_empty(run: RunFolder) -> None:
    assert run.read_trace().empty
    assert list(run.read_trace().columns) == list(TRACE.columns)
    assert run.read_scores() == []
    assert run.score_frame().empty
    assert run.read_verdicts() == []
    assert run.read_samples() is None


def test_scores_round_trip_and_keep_their_direction(run: RunFolder) -> None:
    written = [
        Score(0, 10, "modes@2500", Estimate(8.0, 2500)),
        Score(
            3, 10, "frechet", Estimate(1.5, 100, low=1.0, high=2.0, flags=("few samples", "singular; odd"))
        ),
        Score(3, 10, "elbo@10", Estimate(-90.0, 100, kind="lower bound")),
    ]
    run.write_scores(written, {"modes@2500": "higher", "frechet": "lower", "elbo@10": "higher"})
    assert run.read_scores() == written
    frame = run.score_frame()
    assert frame["better"].tolist() == ["higher", "lower", "higher"]
    assert frame["flags"].tolist() == [(), ("few samples", "singular; odd"), ()]
    assert frame["low"].isna().tolist() == [True, False, True]
    assert frame["kind"].isna().tolist() == [True, True, False]
    assert frame["kind"][2] == "lower bound"


def test_scores_keep_the_scale_of_their_metric(run: RunFolder) -> None:
    written = [Score(0, 1, "frechet", Estimate(2.0, 9)), Score(0, 1, "modes", Estimate(8.0, 9))]
    run.write_scores(written, {"frechet": "lower", "modes": "higher"}, {"frechet": "log"})
    assert run.read_scores() == written
    assert run.score_frame()["scale"].tolist()[0] == "log"
    assert run.score_frame()["scale"].isna().tolist() == [False, True]


def test_scores_of_earlier_versions_have_no_scale_and_are_read(run: RunFolder) -> None:
    written = [Score(0, 1, "frechet", Estimate(2.0, 9, flags=("few samples",)))]
    run.write_scores(written, {"frechet": "lower"}, {"frechet": "log"})
    path = run.path / "scores.parquet"
    pq.write_table(pq.read_table(path).drop_columns("scale"), path)
    assert run.read_scores() == written
    assert run.score_frame()["scale"].isna().tolist() == [True]


def test_scores_without_a_direction_are_refused(run: RunFolder) -> None:
    with pytest.raises(InputError, match="`better` does not say"):
        run.write_scores([Score(0, 1, "modes", Estimate(8.0, 1))], {})


estimates = st.builds(
    Estimate,
    value=st.floats(allow_nan=False),
    n=st.integers(0, 2**40),
    low=st.none() | st.floats(allow_nan=False),
    high=st.none() | st.floats(allow_nan=False),
    flags=st.lists(st.text(st.characters(codec="utf-8")), max_size=3).map(tuple),
)
seeds = st.integers(0, 2**32)


@given(st.lists(st.builds(Score, seed=seeds, step=seeds, metric=st.sampled_from("ab"), estimate=estimates)))
def test_any_scores_round_trip(written: list[Score]) -> None:
    data = score_bytes(written, {"a": "higher", "b": "lower"})
    assert scores(data, Path("scores.parquet")) == written


def test_verdicts_round_trip(run: RunFolder) -> None:
    written = [
        Verdict(
            0, "collapse", "detected", "2 modes", "partial", (10, 20), 0.01, 6.0, "pacgan", "failure", "x"
        ),
        Verdict(1, "collapse", "insufficient evidence", "three ticks", level="note"),
    ]
    run.write_verdicts(written)
    assert run.read_verdicts() == written


def test_verdicts_of_earlier_versions_get_a_level_and_lose_their_adjusted_p(run: RunFolder) -> None:
    earlier = {"seed": 0, "verdict": "detected", "evidence": "", "onset": [1, 2], "p": 1.0}
    names = ("mode_collapse", "chain_not_mixing", "inactive_units", "of_a_stranger")
    run.write_bytes("verdicts.json", json.dumps([{**earlier, "detector": name} for name in names]).encode())
    levels = ["failure", "symptom", "note", "symptom"]
    assert [(v.level, v.p, v.cause) for v in run.read_verdicts()] == [(level, None, None) for level in levels]


@pytest.mark.parametrize("name", ["trace.parquet", "scores.parquet"])
@pytest.mark.parametrize("keep", [0, 3, -9])
def test_a_truncated_table_is_named(run: RunFolder, name: str, keep: int) -> None:
    run.write_trace(TRACE)
    run.write_scores([], {})
    path = run.path / name
    path.write_bytes(path.read_bytes()[:keep])
    read = {
        "trace.parquet": (run.check_trace, run.read_trace),
        "scores.parquet": (run.read_scores, run.score_frame),
    }
    for reader in read[name]:
        with pytest.raises(InputError, match=f"{name} is damaged"):
            reader()


def test_a_table_without_its_columns_is_named(run: RunFolder) -> None:
    buffer = io.BytesIO()
    TRACE.to_parquet(buffer)
    run.write_bytes("scores.parquet", buffer.getvalue())
    with pytest.raises(InputError, match=r"scores\.parquet is damaged"):
        run.read_scores()


def test_images_are_kept_as_bytes_and_not_too_many(run: RunFolder) -> None:
    images = np.full((2, 70, 1, 4, 4), 0.5, np.float32)
    images[0, 0, 0, 0] = [-1.0, 2.0, math.nan, 1.0]
    run.write_samples(images, np.zeros((80, 1, 4, 4), np.uint8))
    kept = run.read_samples()
    assert kept is not None
    assert kept.generated.shape == (2, 64, 1, 4, 4)
    assert kept.generated.dtype == np.uint8
    assert kept.real.shape == (64, 1, 4, 4)
    assert kept.generated[0, 0, 0, 0].tolist() == [0, 255, 0, 255]
    assert kept.generated[1, 0, 0, 0, 0] == 128


def test_points_are_kept_as_they_are(run: RunFolder) -> None:
    points = np.random.default_rng(0).normal(size=(3, 1200, 2)).astype(np.float32)
    run.write_samples(points, points[0])
    kept = run.read_samples()
    assert kept is not None
    np.testing.assert_array_equal(kept.generated, points[:, :1000])
    np.testing.assert_array_equal(kept.real, points[0, :1000])


def test_damaged_samples_are_named(run: RunFolder) -> None:
    run.write_bytes("samples/final.npz", b"no archive")
    with pytest.raises(InputError, match=r"final\.npz is damaged"):
        run.read_samples()


def test_files_of_others_users_can_be_read(run: RunFolder) -> None:
    path = run.write_bytes("samples/step-000500.png", b"png")
    plain = run.path / "plain"
    plain.write_bytes(b"")
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_record_write_removes_what_dead_writers_left(run: RunFolder) -> None:
    run.write_record(RECORD)
    (run.path / "samples").mkdir()
    old, new = run.path / "samples" / ".final.npz.1.tmp", run.path / ".record.json.2.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    run.write_record(RECORD)
    assert not old.exists()
    assert new.exists()
