"""Each tracker against the real package, writing locally."""

import importlib
import math
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.executors.trackers import Tracker, tracker
from genbench.suite import RunConfig
from genbench.types import InputError, NotAvailableError, Record
from genbench.watcher import Watchers

OPTIONS = {"latent": 2, "width": 8}
CONFIG = RunConfig("test", "ring8", {"samples": 500}, "vae", OPTIONS, (0, 1), 20, 16, 2, ("modes@500",))
CPU = Placement(torch.device("cpu"))


def follow(name: str, out: Path) -> Record:
    """A short run under the eyes of a tracker."""
    (record,) = run_all([CONFIG], CPU, out, Watchers(tracker(name, out)))
    assert record.status == "done"
    return record


def test_tensorboard_has_every_score_and_signal(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    follow("tensorboard", tmp_path)
    events = EventAccumulator(str(tmp_path / f"tensorboard/test/ring8/vae-{CONFIG.key}")).Reload()
    tags = events.Tags()["scalars"]
    assert {"modes@500", "samples_per_second"} < set(tags)
    assert any(tag.endswith("grad_norm") for tag in tags)
    assert [event.step for event in events.Scalars("samples_per_second")] == list(range(1, 21))
    assert 0 <= events.Scalars("modes@500")[-1].value <= 8


def test_weights_and_biases_writes_an_offline_run(tmp_path: Path) -> None:
    follow("wandb", tmp_path)
    (file,) = (tmp_path / "wandb").rglob("*.wandb")
    assert "offline-run" in str(file)
    ends = (
        time.monotonic() + 60
    )  # the package's own process writes, on a busy machine after `finish` returned
    while not {b"modes@500", CONFIG.key.encode()} <= set(_words(file)) and time.monotonic() < ends:
        time.sleep(0.2)
    assert {b"modes@500", CONFIG.key.encode()} <= set(_words(file))


def _words(file: Path) -> list[bytes]:
    return re.findall(rb"modes@500|" + CONFIG.key.encode(), file.read_bytes())


def test_mlflow_has_the_configuration_and_every_step(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    follow("mlflow", tmp_path)
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow/mlflow.db'}")
    experiment = client.get_experiment_by_name("test")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert (run.data.params["options.width"], run.data.params["key"]) == ("8", CONFIG.key)
    history = client.get_metric_history(run.info.run_id, "modes_at_500")
    assert max(metric.step for metric in history) == 20


class Diary(Tracker[list[Any]]):
    """A tracker that writes into memory."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[list[Any]] = []

    def start(self, config: RunConfig) -> list[Any]:
        self.pages.append([config.model])
        return self.pages[-1]

    def log(self, handle: list[Any], step: int, values: Any) -> None:
        handle.append((step, dict(values)))

    def finish(self, handle: list[Any], record: Record) -> None:
        handle.append(record.status)


def test_what_is_not_finite_is_left_out_and_a_kept_run_is_not_opened(tmp_path: Path) -> None:
    diary = Diary()
    diary.begin(CONFIG)
    diary.tick(CONFIG, 3, 5.0, {"modes@500": math.nan}, {"loss": 1.0})
    record = Record("test", "ring8", "vae", {}, "failed", (0,))
    diary.end(CONFIG, record, reused=False)
    diary.end(CONFIG, record, reused=True)
    assert diary.pages == [["vae", (3, {"loss": 1.0, "samples_per_second": 5.0}), "failed"]]


def test_unknown_and_absent_trackers_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"no tracker is called 'tensorbord'.*tensorboard"):
        tracker("tensorbord", tmp_path)
    monkeypatch.setitem(sys.modules, "wandb", None)
    importlib.invalidate_caches()
    with pytest.raises(NotAvailableError, match=r"pip install 'genbench\[wandb\]'"):
        tracker("wandb", tmp_path)
