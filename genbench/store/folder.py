"""One run on disk."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import TypeAdapter

from genbench.store import tables
from genbench.store.atomic import checked_name, refuse_link, remove_abandoned, write_atomically
from genbench.store.earlier import with_level
from genbench.store.place import Place, place, read
from genbench.suite.renamed import todays_names
from genbench.types import InputError, Record, Score, Verdict

T = TypeVar("T")

RECORD, TRACE, SCORES = "record.json", "trace.parquet", "scores.parquet"
VERDICTS, SAMPLES, STATE = "verdicts.json", "samples/final.npz", "state.safetensors"
WALKS = "samples/walks.png"
"""The picture of walks through a run's latent space."""
PREVIOUS, LOCKED = "state.previous.safetensors", "requirements.lock"
_RECORD, _VERDICTS = TypeAdapter(Record), TypeAdapter(list[Verdict])
MOST_IMAGES, MOST_POINTS = 64, 1000
MAX_SAMPLES_BYTES = 4_000_000_000
"""Uncompressed size up to which kept samples are read: a small archive can unpack to anything."""


@dataclass(frozen=True, eq=False)
class Samples:
    """What a run made in the end, beside real data of the same kind.

    Attributes:
        generated: shape (S, n, C, H, W) uint8 or (S, n, d) float32; a row of the record's seeds each.
        real: shape (m, C, H, W) uint8 or (m, d) float32.
    """

    generated: np.ndarray
    real: np.ndarray


@dataclass(frozen=True)
class RunFolder:
    """A folder ``<suite>/<task>/<model>-<key>`` with all of one run.

    Every write is atomic. One process writes a run at a time; any number may read it meanwhile.
    """

    path: Place

    @classmethod
    def under(cls, root: str | Place, suite: str, task: str, model: str, key: str) -> RunFolder:
        """The folder of a run in a folder of results.

        Raises:
            InputError: one of the names cannot be a folder's, or the folder of that name is a link.
        """
        path = place(root)
        for name in (suite, task, f"{model}-{key}"):
            path = path / checked_name(name)
            refuse_link(path)
        return cls(path)

    @property
    def key(self) -> str:
        """The configuration's hash, the last part of the folder's name."""
        return self.path.name.rpartition("-")[2]

    @property
    def state_path(self) -> Place:
        """Where the state lies that a resume needs; the engine makes and reads its bytes."""
        return self.path / STATE

    def tidy(self) -> None:
        """Remove what dead writers left, however lately; for the one process that writes this run."""
        remove_abandoned(self.path, seconds=0)

    def states(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each checkpoint that is there, the newest first."""
        for path in (self.state_path, self.path / PREVIOUS):
            with contextlib.suppress(FileNotFoundError):
                yield str(path), read(path)

    def write_state(self, data: bytes, last: bool) -> None:
        """Write a checkpoint and keep the one before it, unless it is the `last`, which ends the run."""
        if last:
            write_atomically(self.state_path, data)
            (self.path / PREVIOUS).unlink(missing_ok=True)
        else:
            write_atomically(self.state_path, data, keep=self.path / PREVIOUS)

    def write_bytes(self, name: str, data: bytes) -> Place:
        """Write any file of the run, such as ``samples/step-000500.png``, and answer where it lies.

        Raises:
            InputError: a part of `name` cannot be a file's name, or a folder on the way is a link.
        """
        parts = list(map(checked_name, name.split("/")))
        for depth in range(len(parts)):
            refuse_link(self.path.joinpath(*parts[:depth]))
        path = self.path.joinpath(*parts)
        write_atomically(path, data)
        return path

    def write_record(self, record: Record) -> None:
        """Write the record, and remove what dead writers of this run left behind."""
        remove_abandoned(self.path)
        self._write_json(RECORD, vars(record))

    def read_record(self) -> Record:
        """The record as it was written, options that were renamed since by the names that they have today.

        Raises:
            InputError: it is missing or damaged.
        """
        record = self._read_json(RECORD, _RECORD)
        options = record.config.get("options")
        if not isinstance(options, Mapping):  # a stranger's record may hold anything there
            return record
        return replace(record, config={**record.config, "options": todays_names(record.model, options)})

    def write_lock(self, lines: Sequence[str]) -> None:
        """Write the exact versions of all that was installed, as a requirements file."""
        self.write_bytes(LOCKED, "".join(f"{line}\n" for line in lines).encode())

    def read_lock(self) -> list[str]:
        """The lines of `write_lock`; none of runs that are older than it."""
        return (self._bytes(LOCKED) or b"").decode(errors="replace").splitlines()

    def write_trace(self, frame: pd.DataFrame) -> None:
        """Write a trace's frame: columns seed, step, seconds, samples, signal, value."""
        self.write_bytes(TRACE, tables.trace_bytes(frame))

    def read_trace(self) -> pd.DataFrame:
        """The trace's frame; empty if none was written. InputError if it is damaged."""
        return tables.trace_frame(self._bytes(TRACE), self.path / TRACE)

    def trace_table(self) -> pa.Table:
        """The trace as a table, signals as a dictionary; empty if none was written. InputError if damaged."""
        return tables.trace_table(self._bytes(TRACE), self.path / TRACE)

    def check_trace(self) -> None:
        """Raise InputError if there is a trace and it is damaged; much cheaper than to read it."""
        tables.check(self.path / TRACE)

    def write_scores(
        self, scores: Iterable[Score], better: Mapping[str, str], scales: Mapping[str, str] | None = None
    ) -> None:
        """Write scores; `better` says of each metric whether ``"higher"`` or ``"lower"`` is good.

        `scales` says where a metric's scores are compared, as `types.Scale`; what it does not name is null.
        """
        self.write_bytes(SCORES, tables.score_bytes(scores, better, scales))

    def read_scores(self) -> list[Score]:
        """The scores as they were written; empty if none were. InputError if they are damaged."""
        return tables.scores(self._bytes(SCORES), self.path / SCORES)

    def score_table(self) -> pa.Table:
        """The scores as `tables.score_frame_of` puts them together; no rows if none were written."""
        return tables.score_table(self._bytes(SCORES), self.path / SCORES)

    def score_frame(self) -> pd.DataFrame:
        """The scores, tidy: seed, step, metric, value, low, high, n, flags, kind, better, scale."""
        return tables.score_frame(self._bytes(SCORES), self.path / SCORES)

    def write_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Write what the detectors said."""
        self._write_json(VERDICTS, list(map(vars, verdicts)))

    def read_verdicts(self) -> list[Verdict]:
        """The verdicts; empty if none were written. InputError if they are damaged.

        Those of earlier versions, which have no level, get one; see `genbench.store.earlier`.
        """
        written = self._read_json(VERDICTS, _VERDICTS) if (self.path / VERDICTS).exists() else []
        return [verdict if verdict.level else with_level(verdict) for verdict in written]

    def write_samples(self, generated: np.ndarray, real: np.ndarray) -> None:
        """Keep final samples: at most 64 images or 1,000 points a seed, and as many real ones.

        Args:
            generated: shape (S, n, C, H, W), images float in [0, 1] or uint8, or (S, n, d), points.
            real: shape (m, C, H, W) or (m, d).
        """
        images = generated.ndim == 5
        most, convert = (MOST_IMAGES, _pixels) if images else (MOST_POINTS, np.float32)
        # Coordinates are noise to a compressor, which takes longer than all else that is done with them.
        save, buffer = np.savez_compressed if images else np.savez, io.BytesIO()
        save(buffer, generated=convert(generated[:, :most]), real=convert(real[:most]))
        self.write_bytes(SAMPLES, buffer.getvalue())

    def read_samples(self) -> Samples | None:
        """The final samples; None if none were written. InputError if they are damaged."""
        data = self._bytes(SAMPLES)
        if data is None:
            return None
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                size = sum(member.file_size for member in archive.infolist())
            if size > MAX_SAMPLES_BYTES:
                raise ValueError(f"it unpacks to {size} bytes")
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                return _like_samples(arrays["generated"], arrays["real"])
        except Exception as error:  # a damaged archive raises whatever zip and numpy stumble over
            raise tables.damaged(self.path / SAMPLES, error) from None

    def _bytes(self, name: str) -> bytes | None:
        try:
            return read(self.path / name)
        except FileNotFoundError:
            return None

    def _write_json(self, name: str, content: Any) -> None:
        self.write_bytes(name, json.dumps(content, indent=1, default=_plain).encode())

    def _read_json(self, name: str, kind: TypeAdapter[T]) -> T:
        try:
            return kind.validate_json(read(self.path / name))
        except OSError as error:
            raise InputError(f"{self.path / name} cannot be read: {error.strerror or error}") from None
        except ValueError as error:
            raise tables.damaged(self.path / name, error) from None


def _like_samples(generated: np.ndarray, real: np.ndarray) -> Samples:
    """Arrays of a file as samples; ValueError if they are not what `write_samples` writes."""
    images = real.ndim == 4 and real.shape[1] in (1, 3) and real.dtype == generated.dtype == np.uint8
    points = real.ndim == 2 and real.dtype.kind == generated.dtype.kind == "f"
    same = generated.ndim == real.ndim + 1 and generated.shape[2:] == real.shape[1:]
    if not (images or points) or not same or 0 in (*generated.shape, *real.shape):
        shapes = f"{generated.dtype} {generated.shape} and {real.dtype} {real.shape}"
        raise ValueError(f"{shapes} are no samples")
    return Samples(generated, real)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot be kept in a record; make it a number, a string, a list or a table")


def _pixels(images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    return np.rint(np.nan_to_num(images).clip(0, 1) * 255).astype(np.uint8)
