"""TensorBoard event files: scalars in the order of their files, a folder a run."""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genbench.detectors.logs.files import regular
from genbench.detectors.logs.table import Table, listed
from genbench.types import InputError, NotAvailableError

PATTERN = "*events.out.tfevents.*"
MOST_VALUES = 20_000_000
"""Scalars that are read of one folder."""
_LARGEST = 1_000_000
"""Bytes of an event that is looked into; what has more holds pictures and graphs."""
_LENGTH, _SUM = 12, 4
_STORED = {
    1: "<f4",
    2: "<f8",
    3: "<i4",
    4: "u1",
    5: "<i2",
    6: "i1",
    9: "<i8",
    14: "<u2",
    17: "<u2",
    19: "<f2",
    22: "<u4",
}
_STORED |= {23: "<u8"}
"""Types of tensors, by their number, and how one lies in bytes."""
_BFLOAT16, _FLOAT16 = 14, 19
_FIELDS = ("float_val", "double_val", "int_val", "int64_val", "uint32_val", "uint64_val")
Scalars = dict[str, tuple["array[int]", "array[float]"]]


def read_events(path: Path) -> Table:
    """The scalars of an event file or of all those below a folder: step, signal, value, and run if several.

    Raises:
        InputError: there are none, or one is no regular file.
        NotAvailableError: tensorboard is not installed.
    """
    found = [file for file in path.rglob(PATTERN) if not file.is_dir()] if path.is_dir() else [path]
    files = sorted(found, key=_age)
    if not files:
        raise InputError(f"{path} holds no event files{_others(path)}")
    for file in files:
        regular(file)
    notes: list[str] = []
    runs: dict[Path, Scalars] = {}
    for file in files:
        _gather(file, runs.setdefault(file.parent, {}), notes)
    if not any(runs.values()):
        damaged = f" ({notes[0]})" if notes else ""
        raise InputError(
            f"{path} holds no scalars in its event files{damaged}; a log needs at least one signal"
        )
    _join_groups(runs)
    frames = [
        _frame(_name(folder, path), tag, *found) for folder, run in runs.items() for tag, found in run.items()
    ]
    cells = pd.concat(frames, ignore_index=True)
    return Table(cells if sum(map(bool, runs.values())) > 1 else cells.drop(columns="run"), notes)


def _age(file: Path) -> tuple[Path, list[int], str]:
    """Its folder and the numbers in its name, of which the first is the time when it was begun."""
    return file.parent, [int(digits) for digits in re.findall(r"\d{1,18}", file.name)], file.name


def _others(folder: Path) -> str:
    """Logs of other kinds that lie directly in a folder without events."""
    kinds = {".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".txt", ".log"}
    names = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in kinds)
    return f"; give one of its logs: {listed(names)}" if names else " and no runs"


def _name(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if root.is_dir() else ""


def _frame(run: str, tag: str, steps: array[int], values: array[float]) -> pd.DataFrame:
    columns = {"run": run, "step": np.asarray(steps), "signal": tag, "value": _stated(values)}
    return pd.DataFrame(columns)


def _stated(values: array[float]) -> Any:
    """Numbers as they are; where NaN is among them as objects, since here it was written and is no gap."""
    numbers = np.asarray(values)
    return np.where(np.isnan(numbers), "nan", numbers.astype(object)) if np.isnan(numbers).any() else numbers


def _join_groups(runs: dict[Path, Scalars]) -> None:
    """Folders that `add_scalars` makes below a run, one a line of a chart, become signals of the run."""
    for folder in sorted(runs, key=lambda each: len(each.parts), reverse=True):
        (tag, *more) = [*runs[folder], ""]
        lead = f"{tag.replace('/', '_')}_"
        if more == [""] and folder.parent in runs and folder.name.startswith(lead):
            name = f"{tag}/{folder.name.removeprefix(lead)}"
            if name not in runs[folder.parent]:
                runs[folder.parent][name] = runs.pop(folder)[tag]


def _gather(file: Path, scalars: Scalars, notes: list[str]) -> None:
    """Add a file's scalars to those of its folder, up to where it is damaged."""
    try:
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
        from tensorboard.compat.proto.event_pb2 import Event
    except ImportError:
        raise NotAvailableError(
            "event files need tensorboard; install it with pip install genbench[tensorboard]"
        ) from None
    read = sum(len(steps) for steps, _ in scalars.values())
    for record in _records(file, notes):
        try:
            event = Event.FromString(record)
        except DecodeError:
            notes.append(f"{file.name}: an event is no protocol buffer; what follows it is left out")
            return
        for tag, value in _values(event.summary.value):
            if read >= MOST_VALUES:
                raise InputError(
                    f"{file} holds more than {MOST_VALUES:,} scalars; give the folder of one run"
                )
            steps, values = scalars.setdefault(tag, (array("q"), array("d")))
            steps.append(event.step)
            values.append(value)
            read += 1


def _records(file: Path, notes: list[str]) -> Iterator[bytes]:
    """The events of a file, each checked by its sums; a length is never believed beyond the file's end."""
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    left = regular(file)
    with file.open("rb") as stream:
        while head := stream.read(_LENGTH):
            left -= _LENGTH
            length, head_sum = struct.unpack("<QI", head.ljust(_LENGTH, b"\0"))
            if len(head) < _LENGTH or (masked_crc32c(head[:8]) == head_sum and length + _SUM > left):
                notes.append(f"{file.name}: the last event is cut off and left out")
                return
            if masked_crc32c(head[:8]) != head_sum:
                notes.append(
                    f"{file.name} is damaged at byte {stream.tell() - _LENGTH}; what follows is left out"
                )
                return
            left -= length + _SUM
            if length > _LARGEST:
                stream.seek(length + _SUM, 1)
                continue
            data, data_sum = stream.read(length), stream.read(_SUM)
            if masked_crc32c(data) != struct.unpack("<I", data_sum)[0]:
                notes.append(
                    f"{file.name} is damaged at byte {stream.tell() - length}; what follows is left out"
                )
                return
            yield data


def _values(values: Iterable[Any]) -> Iterator[tuple[str, float]]:
    """Tags and scalars of a summary; pictures, histograms and types that nobody knows are passed over."""
    for value in values:
        kind = value.WhichOneof("value")
        number = value.simple_value if kind == "simple_value" else None
        if kind == "tensor":
            number = _scalar(value.tensor)
        if number is not None:
            yield value.tag, float(number)


def _scalar(tensor: Any) -> float | None:
    """The number of a tensor that holds exactly one; its shape is compared and never believed."""
    if any(side.size != 1 for side in tensor.tensor_shape.dim) or tensor.dtype not in _STORED:
        return None
    stored = np.dtype(_STORED[tensor.dtype])
    if tensor.tensor_content:
        fits = len(tensor.tensor_content) == stored.itemsize
        number = np.frombuffer(tensor.tensor_content, stored) if fits else None
        return None if number is None else _half(number, tensor.dtype)
    if tensor.half_val:
        bits = np.array(list(tensor.half_val)[:1], np.int64).astype(np.uint16)
        return _half(bits, tensor.dtype) if len(tensor.half_val) == 1 else None
    found = [number for name in _FIELDS if len(held := getattr(tensor, name)) == 1 for number in held]
    return float(found[0]) if len(found) == 1 else None


def _half(number: NDArray[Any], dtype: int) -> float:
    """A number from its bits, if it is of a type that is kept as such."""
    if dtype == _BFLOAT16:
        return float((number.astype(np.uint32) << 16).view(np.float32)[0])
    return float(number.view(np.float16)[0] if dtype == _FLOAT16 else number[0])
