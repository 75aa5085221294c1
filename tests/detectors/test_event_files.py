"""TensorBoard's event files: what tools write, and what hostile hands do."""

import gzip
import os
import resource
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from torch.utils.tensorboard import SummaryWriter

from genbench.detectors import diagnose
from genbench.detectors.logs import Log, read_log
from genbench.types import InputError

NAME = "events.out.tfevents.1.host"


def record(data: bytes, length: int | None = None) -> bytes:
    """An event in its frame, whose length may lie."""
    head = struct.pack("<Q", len(data) if length is None else length)
    return b"".join(
        [head, struct.pack("<I", masked_crc32c(head)), data, struct.pack("<I", masked_crc32c(data))]
    )


def scalar(step: int, value: float, tag: str = "g_loss") -> bytes:
    return record(
        Event(
            step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        ).SerializeToString()
    )


def tensor(step: int, proto: TensorProto, tag: str = "g_loss") -> bytes:
    return record(
        Event(step=step, summary=Summary(value=[Summary.Value(tag=tag, tensor=proto)])).SerializeToString()
    )


def written(tmp_path: Path, *records: bytes) -> Path:
    path = tmp_path / NAME
    path.write_bytes(b"".join(records))
    return path


def values(log: Log, signal: str, seed: int = 0) -> dict[int, float]:
    frame = log.frame
    frame = frame[(frame["signal"] == signal) & (frame["seed"] == seed)]
    return dict(zip(frame["step"], frame["value"], strict=True))


def onsets(log: Log) -> list[tuple[int, str, tuple[int, int] | None]]:
    return [(v.seed, v.detector, v.onset) for v in diagnose(log) if v.verdict == "detected"]


GOOD = [scalar(step, 1.0 + step) for step in range(5)]
ALL = {step: 1.0 + step for step in range(5)}


def test_a_file_and_its_folder_are_the_same_log(tmp_path):
    path = written(tmp_path, record(Event(file_version="brain.Event:2").SerializeToString()), *GOOD)
    assert values(read_log(path), "generator/loss") == values(read_log(tmp_path), "generator/loss") == ALL
    assert read_log(path).notes == ()


def test_two_runs_in_one_folder_are_told_apart(tmp_path):
    for name, steps, bad in (("1", 300, 999), ("2", 120, 90)):
        rows = [scalar(i, float("nan") if i >= bad else 1.0) for i in range(steps)]
        (tmp_path / f"events.out.tfevents.{name}.host").write_bytes(b"".join(rows))
    log = read_log(tmp_path)
    assert onsets(log) == [(1, "exploding_gradient", (89, 90))]
    assert len(values(log, "generator/loss", 0)) == 300
    assert any("steps begin again" in note and "row 301" in note for note in log.notes)


def test_a_resumed_run_goes_on_and_replaces_what_it_repeats(tmp_path):
    for name, steps, value in (("1", range(8), 1.0), ("2", range(5, 12), 2.0)):
        rows = [scalar(i, value) for i in steps]
        (tmp_path / f"events.out.tfevents.{name}.host").write_bytes(b"".join(rows))
    log = read_log(tmp_path)
    assert values(log, "generator/loss") == {i: 1.0 if i < 5 else 2.0 for i in range(12)}
    assert set(log.frame["seed"]) == {0}
    assert any("steps go back" in note and "3 rows" in note for note in log.notes)


def test_scalars_of_one_chart_are_signals_of_one_run(tmp_path):
    writer = SummaryWriter(tmp_path)
    for step in range(20):
        writer.add_scalars("Loss", {"G": 1.0, "D": float("nan") if step > 14 else 2.0}, step)
        writer.add_scalar("lr", 0.1, step)
    writer.close()
    log = read_log(tmp_path)
    assert values(log, "generator/loss") == dict.fromkeys(range(20), 1.0)
    assert onsets(log) == [(0, "exploding_gradient", (14, 15))]


def test_runs_below_a_folder_are_seeds_with_names(tmp_path):
    for run, value in (("b", 1.0), ("a", 2.0)):
        (tmp_path / run).mkdir()
        written(tmp_path / run, *(scalar(i, value) for i in range(3)))
    log = read_log(tmp_path)
    assert values(log, "generator/loss", 0) == dict.fromkeys(range(3), 2.0)
    assert log.notes[-1] == "seed 0 is run a, seed 1 is run b"


NUMBERS = [
    TensorProto(dtype=1, float_val=[2.5]),
    TensorProto(dtype=2, double_val=[2.5]),
    TensorProto(dtype=1, tensor_content=np.float32(2.5).tobytes()),
    TensorProto(dtype=19, half_val=[int(np.float16(2.5).view(np.uint16))]),
    TensorProto(dtype=2, tensor_content=np.float64(2.5).tobytes(), tensor_shape={"dim": [{"size": 1}]}),
]


@pytest.mark.parametrize("proto", NUMBERS)
def test_scalars_kept_as_tensors(proto, tmp_path):
    assert values(read_log(written(tmp_path, tensor(3, proto))), "generator/loss") == {3: 2.5}


NO_NUMBERS = {
    "a shape that lies": TensorProto(dtype=1, float_val=[1.0], tensor_shape={"dim": [{"size": 2**50}]}),
    "a negative side": TensorProto(dtype=1, float_val=[1.0], tensor_shape={"dim": [{"size": -1}]}),
    "sides whose product overflows": TensorProto(
        dtype=1, float_val=[1.0], tensor_shape={"dim": [{"size": 2**62}, {"size": 4}]}
    ),
    "an unknown type": TensorProto(dtype=99, float_val=[1.0]),
    "text": TensorProto(dtype=7, string_val=[b"x"]),
    "too few bytes": TensorProto(dtype=2, tensor_content=b"abc"),
    "nothing": TensorProto(dtype=1),
}


@pytest.mark.parametrize("kind", sorted(NO_NUMBERS))
def test_tensors_that_are_no_scalar_are_passed_over(kind, tmp_path):
    path = written(tmp_path, *GOOD, tensor(9, NO_NUMBERS[kind]), scalar(5, 6.0))
    assert values(read_log(path), "generator/loss") == ALL | {5: 6.0}


def test_numbers_kept_as_bfloat16(tmp_path):
    one_and_a_half = TensorProto(dtype=14, half_val=[0x3FC0])
    assert values(read_log(written(tmp_path, tensor(3, one_and_a_half))), "generator/loss") == {3: 1.5}


def test_files_are_read_in_the_order_in_which_they_were_begun(tmp_path):
    for name, steps, value in (("9", range(8), 1.0), ("10", range(5, 12), 2.0)):
        rows = [scalar(i, value) for i in steps]
        (tmp_path / f"events.out.tfevents.{name}.host").write_bytes(b"".join(rows))
    (tmp_path / "events.out.tfevents.11.folder").mkdir()
    assert values(read_log(tmp_path), "generator/loss") == {i: 1.0 if i < 5 else 2.0 for i in range(12)}


def test_an_event_file_that_was_packed_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="damaged at byte 0"):
        read_log(written(tmp_path, gzip.compress(b"x" * 1000)))


DAMAGED = {
    "a length of 2^63": (record(b"", 2**63), "cut off"),
    "a length of 2^64 - 1": (record(b"", 2**64 - 1), "cut off"),
    "terabytes": (record(b"x" * 50, 2**42), "cut off"),
    "a killed writer": (scalar(5, 6.0)[:-9], "cut off"),
    "half a head": (b"\x05\x00\x00", "cut off"),
    "a wrong sum of the head": (b"\x07" * 40, "damaged at byte"),
    "a flipped bit": (scalar(5, 6.0)[:-8] + b"\x01" + scalar(5, 6.0)[-7:], "damaged at byte"),
    "garbage in the protocol buffer": (record(b"\xff" * 30), "no protocol buffer"),
    "a buffer nested without end": (record(b"\x2a\x7f" * 400), "no protocol buffer"),
}


@pytest.mark.parametrize("kind", sorted(DAMAGED))
def test_what_stands_before_damage_is_read_and_the_rest_is_said(kind, tmp_path):
    damage, said = DAMAGED[kind]
    log = read_log(written(tmp_path, *GOOD, damage))
    assert values(log, "generator/loss") == ALL
    assert said in log.notes[0]


@pytest.mark.parametrize("kind", sorted(DAMAGED))
def test_a_file_of_nothing_but_damage_is_one_sentence(kind, tmp_path):
    with pytest.raises(InputError, match="holds no scalars in its event files"):
        read_log(written(tmp_path, DAMAGED[kind][0]))


@pytest.mark.parametrize("step", [2**62, -(2**63), 2**63 - 1])
def test_steps_beyond_counting_are_left_out_and_said(step, tmp_path):
    log = read_log(written(tmp_path, *GOOD, scalar(step, 1.0)))
    assert values(log, "generator/loss") == ALL
    assert "1 row without a step to count left out" in log.notes


@pytest.fixture
def memory() -> Iterator[None]:
    """A gigabyte of address space more than now, and no more."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_lies_about_size_ask_for_no_memory(tmp_path, memory):
    lies = [tensor(i, NO_NUMBERS["a shape that lies"]) for i in range(50)]
    path = written(tmp_path, *GOOD, *lies, record(b"x", 2**40))
    assert values(read_log(path), "generator/loss") == ALL


def test_pictures_are_passed_over_unread(tmp_path):
    picture = Summary.Value(tag="x", image=Summary.Image(encoded_image_string=b"x" * 2_000_000))
    large = record(Event(step=2, summary=Summary(value=[picture])).SerializeToString())
    begun = time.process_time()
    assert values(read_log(written(tmp_path, *GOOD, large, scalar(5, 6.0))), "generator/loss") == ALL | {5: 6}
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("name", [NAME, "log.csv", "log.jsonl", "log.parquet", "log.txt"])
def test_pipes_and_devices_are_refused_at_once(name, tmp_path):
    os.mkfifo(tmp_path / name)
    (tmp_path / f"link-{name}").symlink_to("/dev/zero")
    for path in (tmp_path / name, tmp_path / f"link-{name}"):
        with pytest.raises(InputError, match="is no regular file"):
            read_log(path)
    if name == NAME:
        with pytest.raises(InputError, match="is no regular file"):
            read_log(tmp_path)


def test_a_folder_of_other_logs_names_them(tmp_path):
    (tmp_path / "metrics.csv").write_text("step,loss\n1,2\n")
    with pytest.raises(InputError, match=r"no event files; give one of its logs: metrics\.csv"):
        read_log(tmp_path)
