"""Runs followed by other people's tools: TensorBoard, Weights & Biases, MLflow; each an optional package."""

from __future__ import annotations

import abc
import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from genbench.executors.extras import package
from genbench.registry import nearest
from genbench.store import Place
from genbench.suite import RunConfig
from genbench.types import InputError, Record
from genbench.watcher import Watcher

Handle = TypeVar("Handle")


class Tracker(Watcher, abc.ABC, Generic[Handle]):
    """A watcher that writes every tick to a tool; a subclass says how a run starts, is logged and ends.

    Values are means over seeds: the newest score of each metric, the signals, and ``samples_per_second``.
    """

    def __init__(self) -> None:
        self._open: dict[RunConfig, Handle] = {}

    @abc.abstractmethod
    def start(self, config: RunConfig) -> Handle:
        """Open the tool's own run."""

    @abc.abstractmethod
    def log(self, handle: Handle, step: int, values: Mapping[str, float]) -> None:
        """Write finite values at a step."""

    @abc.abstractmethod
    def finish(self, handle: Handle, record: Record) -> None:
        """Close the tool's run."""

    def begin(self, config: RunConfig) -> None:
        self._open[config] = self.start(config)

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        values = {**signals, **scores, "samples_per_second": rate}
        finite = {name: value for name, value in values.items() if math.isfinite(value)}
        self.log(self._open[config], step, finite)

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        if config in self._open:
            self.finish(self._open.pop(config), record)


class TensorBoard(Tracker[Any]):
    """Event files below a folder, one run a folder; look at them with ``tensorboard --logdir``."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.module = folder, package("torch.utils.tensorboard", "tensorboard")

    def start(self, config: RunConfig) -> Any:
        writer = self.module.SummaryWriter(str(self.folder / _name(config)))
        writer.add_text("config", "\n".join(f"    {key}: {value}" for key, value in config.as_dict().items()))
        return writer

    def log(self, handle: Any, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            handle.add_scalar(name, value, step)

    def finish(self, handle: Any, record: Record) -> None:
        handle.close()


class WeightsAndBiases(Tracker[Any]):
    """Offline runs below a folder; ``wandb sync`` uploads them if you want that."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.module = folder, package("wandb", "wandb")

    def start(self, config: RunConfig) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.module.init(
            project="genbench",
            group=config.suite,
            name=_name(config),
            config=config.as_dict(),
            dir=str(self.folder),
            mode="offline",
            reinit="create_new",
            settings=self.module.Settings(silent=True, console="off", x_disable_meta=True),
        )

    def log(self, handle: Any, step: int, values: Mapping[str, float]) -> None:
        handle.log(dict(values), step=step)

    def finish(self, handle: Any, record: Record) -> None:
        handle.finish(exit_code=0 if record.status in ("done", "skipped") else 1)


class MLflow(Tracker[str]):
    """Runs in ``mlflow.db`` in a folder, an experiment a suite.

    Look at them with ``mlflow ui --backend-store-uri sqlite:///…/mlflow.db``, which needs all of MLflow. It
    allows no ``@`` in a name: ``modes@2500`` is written ``modes_at_2500``.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.module = package("mlflow", "mlflow")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table that it makes
        self.client = self.module.MlflowClient(f"sqlite:///{self.folder / 'mlflow.db'}")

    def start(self, config: RunConfig) -> str:
        known = self.client.get_experiment_by_name(config.suite)
        experiment = known.experiment_id if known else self._create(config.suite)
        run_id = str(self.client.create_run(experiment, run_name=_name(config)).info.run_id)
        for key, value in _flat(config.as_dict()).items():
            self.client.log_param(run_id, key, value)
        return run_id

    def _create(self, suite: str) -> str:
        artifacts = (self.folder / "artifacts").as_uri()
        return str(self.client.create_experiment(suite, artifact_location=artifacts))

    def log(self, handle: str, step: int, values: Mapping[str, float]) -> None:
        now, metric = int(1000 * time.time()), self.module.entities.Metric
        rows = [metric(name.replace("@", "_at_"), value, now, step) for name, value in values.items()]
        self.client.log_batch(handle, metrics=rows)

    def finish(self, handle: str, record: Record) -> None:
        status = {"done": "FINISHED", "skipped": "FINISHED", "failed": "FAILED"}
        self.client.set_terminated(handle, status.get(record.status, "KILLED"))


TRACKERS: Mapping[str, Any] = {"tensorboard": TensorBoard, "wandb": WeightsAndBiases, "mlflow": MLflow}


def tracker(name: str, out: Place) -> Tracker[Any]:
    """The tracker of that name, writing below ``out/<name>``.

    Raises:
        InputError: no tracker has that name, or `out` is a URL, to which these packages cannot write.
        NotAvailableError: its package is not installed.
    """
    if name not in TRACKERS:
        raise InputError(f"no tracker is called {name!r}{nearest(name, TRACKERS)}")
    if not isinstance(out, Path):
        raise InputError(f"--track {name} writes local files; it does not go with --out {out}")
    made: Tracker[Any] = TRACKERS[name](out / name)
    return made


def _name(config: RunConfig) -> str:
    return f"{config.suite}/{config.task}/{config.model}-{config.key}"


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted names."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        nested = isinstance(value, Mapping)
        flat |= _flat(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": value}
    return flat
