"""A run repeated from its record, and what differs."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import torch

from genbench.engine import checkpoint
from genbench.engine.devices import BackendChoice, choose_device
from genbench.engine.placement import Placement
from genbench.environment import lock
from genbench.executors.attempt import folder_of
from genbench.executors.local import run_all
from genbench.registry import models
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.types import InputError, Record, same_data

Sameness = Literal["bitwise equal", "equal within tolerance", "different"]
TOLERANCE = 1e-3
"""Relative; another processor or another number of threads adds the same numbers in another order."""
FLOOR = 1e-6
"""Differences that are smaller than this are within any tolerance."""


@dataclass(frozen=True)
class Verification:
    """What came of repeating a run.

    Attributes:
        first: where the two first differ, in a sentence; None if they do not.
        largest: the largest relative difference of any number.
        changes: versions and data that are not what they were, a sentence each.
    """

    sameness: Sameness
    first: str | None
    largest: float
    changes: tuple[str, ...]


@dataclass(frozen=True)
class _Difference:
    """Numbers that are not the same bits, the first of them, and the largest relative distance."""

    where: str
    largest: float


def verify(folder: RunFolder, data_dir: Path | None = None, tolerance: float = TOLERANCE) -> Verification:
    """Repeat a run in a temporary folder, on as many threads as it had, and compare all that it left.

    Compared are trace, scores, parameters and samples, in this order; durations are not.

    Raises:
        InputError: the record is no finished training run's, or the run cannot be repeated here.
    """
    record = folder.read_record()
    if record.status not in ("done", "failed") or record.steps_done == 0:
        raise InputError(
            f"{folder.path} is {record.status} at step {record.steps_done}; finish the run first"
        )
    try:
        config = RunConfig.from_dict(record.config)
    except InputError as error:
        raise InputError(f"{folder.path}: {error}") from None
    placement = _placement(record.environment, data_dir)
    with tempfile.TemporaryDirectory(prefix="genbench-verify-") as temporary, _threads(record):
        (again,) = run_all([config], placement, Path(temporary))
        if again.steps_done == 0:
            raise InputError(f"{folder.path} cannot be repeated here: {again.reason}")
        found = _differences(folder, folder_of(config, Path(temporary)), config)
    largest = max((difference.largest for difference in found), default=0.0)
    return Verification(
        _sameness(largest, tolerance, found),
        found[0].where if found else None,
        largest,
        _changes(folder, again),
    )


def _sameness(largest: float, tolerance: float, found: Sequence[_Difference]) -> Sameness:
    if not found:
        return "bitwise equal"
    return "equal within tolerance" if largest <= tolerance else "different"


def _placement(environment: Mapping[str, Any], data_dir: Path | None) -> Placement:
    """The placement that a record tells of, as far as this machine has it."""
    device = choose_device("cpu" if environment.get("device", "cpu") == "cpu" else "cuda")
    backends: dict[str, BackendChoice] = {name: name for name in get_args(BackendChoice)}
    backend = backends.get(str(environment.get("backend")), "auto")
    compiled = environment.get("compiled")
    return Placement(device, backend, data_dir, compile=compiled if isinstance(compiled, bool) else None)


@contextlib.contextmanager
def _threads(record: Record) -> Iterator[None]:
    before = torch.get_num_threads()
    had = record.environment.get("threads")
    torch.set_num_threads(had if isinstance(had, int) and 0 < had <= 1024 else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _changes(folder: RunFolder, again: Record) -> tuple[str, ...]:
    record = folder.read_record()
    then, now = ({line.partition("==")[0]: line for line in lines} for lines in (folder.read_lock(), lock()))
    changed = [
        f"{then[name]} then, {now.get(name, 'absent')} now" for name in then if then[name] != now.get(name)
    ]
    then_revision, now_revision = record.config.get("revision", 1), models[record.model].revision
    if then_revision != now_revision:
        said = f"{record.model} was revision {then_revision} then and is {now_revision} now, which computes"
        changed.insert(0, f"{said} something else under the same options")
    if not same_data(record.data.get("checksum"), again.data.get("checksum")):
        changed.insert(0, "the data are not those that it was trained on: their checksum differs")
    return tuple(changed)


def _differences(old: RunFolder, new: RunFolder, config: RunConfig) -> list[_Difference]:
    """One difference for each thing that is not the same, in the order in which they arose."""
    device = torch.device("cpu")
    states = [checkpoint.newest(folder, config.key, device) for folder in (old, new)]
    numbers = [
        {} if state is None else {**state.players, **{f"buffer {n}": b for n, b in state.buffers.items()}}
        for state in states
    ]
    parameters = [{name: tensor.numpy() for name, tensor in each.items()} for each in numbers]
    samples = [folder.read_samples() for folder in (old, new)]
    kept = [{} if each is None else {"generated": each.generated, "real": each.real} for each in samples]
    found = [
        _tables(old.read_trace(), new.read_trace(), "signal"),
        _tables(old.score_frame(), new.score_frame(), "metric"),
        _arrays(parameters[0], parameters[1], "parameters of"),
        _arrays(kept[0], kept[1], "samples,"),
    ]
    return [difference for difference in found if difference is not None]


def _tables(old: pd.DataFrame, new: pd.DataFrame, name: str) -> _Difference | None:
    """Two tidy tables by seed, step and name; a row that only one of them has is infinitely far."""
    keys = ["step", name, "seed"]
    joined = old[[*keys, "value"]].merge(
        new[[*keys, "value"]], on=keys, how="outer", suffixes=("_old", "_new"), indicator=True, sort=True
    )
    before, after = joined["value_old"].to_numpy(float), joined["value_new"].to_numpy(float)
    distances = np.where(joined["_merge"] == "both", _distance(before, after), np.inf)
    if not (different := np.flatnonzero(distances)).size:
        return None
    first = joined.iloc[different[0]]
    where = f"{name} {first[name]} of seed {first['seed']} at step {first['step']}"
    return _Difference(
        f"{where}: {first['value_old']} then, {first['value_new']} now", float(distances.max())
    )


def _arrays(old: dict[str, np.ndarray], new: dict[str, np.ndarray], what: str) -> _Difference | None:
    for name in [*old, *(new.keys() - old.keys())]:
        if name not in old or name not in new or old[name].shape != new[name].shape:
            return _Difference(f"{what} {name}: there in one of the two alone, or of another shape", np.inf)
    largest = {name: float(_distance(old[name], new[name]).max(initial=0.0)) for name in old}
    first = next((name for name, distance in largest.items() if distance > 0), None)
    return None if first is None else _Difference(f"{what} {first}", max(largest.values()))


def _distance(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Relative distance of each pair of numbers, 0 for the same bits, infinite where one is not finite."""
    a, b = old.astype(float), new.astype(float)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), FLOOR / TOLERANCE)
    return np.where(same, 0.0, np.where(np.isfinite(apart), apart, np.inf))
