"""One run and its folder: what is recorded beside the scores."""

import json
import math
from dataclasses import replace

import numpy as np
import torch

from genbench.engine.placement import Placement
from genbench.engine.run import execute
from genbench.engine.task_cache import load_task
from genbench.metrics.metric import named
from genbench.registry import metrics
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.watcher import Watcher

CPU = Placement(torch.device("cpu"))


class Witness(Watcher):
    """A watcher that remembers what it was shown."""

    def __init__(self) -> None:
        self.ticks: list[int] = []
        self.shown: dict[int, np.ndarray] = {}
        self.paths: np.ndarray | None = None

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        self.ticks.append(step)

    def samples(self, config: RunConfig, step: int, generated: np.ndarray, real: np.ndarray) -> None:
        self.shown[step] = generated

    def walks(self, config: RunConfig, paths: np.ndarray, real: np.ndarray) -> None:
        self.paths = paths


def config(**changes) -> RunConfig:
    options = {"width": 8, "latent": 2}
    defaults = {"metrics": None, "steps": 10, "evaluations": 2, "task": "digits", "seeds": (0, 1)}
    return RunConfig(
        **{"suite": "test", "task_options": {}, "model": "vae", "options": options, "batch": 16}
        | defaults
        | changes
    )


def test_watchers_see_every_tick_and_the_same_noise_grow(tmp_path):
    witness = Witness()
    execute(config(), RunFolder(tmp_path), CPU, witness)
    assert witness.ticks == list(range(1, 11))
    assert list(witness.shown)[-1] == 10
    assert all(samples.shape == (2, 64, 1, 8, 8) for samples in witness.shown.values())


def test_a_metric_that_cannot_score_is_noted(tmp_path):
    wanted = ("frechet_lenet@1k", "modes@2500")
    record = execute(config(metrics=wanted), RunFolder(tmp_path), CPU, Witness())
    assert record.status == "done"
    assert any(note.startswith("modes@2500: ") for note in record.notes)
    assert {score.metric for score in RunFolder(tmp_path).read_scores()} == {"frechet_lenet@1k"}


def test_warnings_of_metrics_reach_the_record(tmp_path):
    record = execute(config(metrics=("precision_lenet@50",)), RunFolder(tmp_path), CPU, Witness())
    assert record.notes == ("precision_lenet@50: few samples",)


def test_samples_that_cannot_be_scored_count_as_a_failed_score(tmp_path, monkeypatch):
    entry = metrics["sliced_wasserstein"]

    def broken(subject):
        from genbench.types import InputError

        raise InputError("values that are not finite")

    made = entry.create(n=100)
    monkeypatch.setattr(
        "genbench.engine.evaluation.named",
        lambda name: type(made)(made.name, "lower", broken, made.refuses, 100),
    )
    execute(config(metrics=("sliced_wasserstein@100",)), RunFolder(tmp_path), CPU, Witness())
    scores = RunFolder(tmp_path).read_scores()
    assert scores
    assert all(math.isnan(score.estimate.value) for score in scores)
    assert scores[0].estimate.flags == ("values that are not finite",)


def test_the_record_says_what_it_ran_on(tmp_path):
    execute(config(), RunFolder(tmp_path), CPU, Witness())
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["environment"]["device"] == "cpu"
    assert record["environment"]["backend"] == "batched"
    assert record["data"]["shape"] == [1, 8, 8]
    assert record["examples"] == 10 * 16 * 2
    assert set(record["seconds"]) == {"training", "evaluation"}


def test_scales_and_what_ranks_the_task_are_recorded(tmp_path, monkeypatch):
    def declared(*arguments):
        return replace(load_task(*arguments), ranked_by=("frechet_lenet@1k",))

    monkeypatch.setattr("genbench.engine.run.load_task", declared)
    monkeypatch.setattr("genbench.engine.evaluation.named", lambda name: replace(named(name), scale="log"))
    folder = RunFolder(tmp_path)
    execute(config(metrics=("frechet_lenet@1k",)), folder, CPU, Witness())
    record = folder.read_record()
    assert record.ranked_by == ("frechet_lenet@1k",)
    assert set(folder.score_frame()["scale"]) == {"log"}
    noise = record.anchors["frechet_lenet@1k"]
    assert noise.keys() == {"trivial", "real", "trivial_error", "real_error"}
    assert 0 < noise["trivial_error"] < noise["trivial"] / 5
