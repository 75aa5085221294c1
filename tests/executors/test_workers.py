"""Runs in worker processes give what runs in this process give."""

import torch
from safetensors.torch import load_file

import genbench
from genbench.engine.placement import Placement
from genbench.executors.local import default_jobs, run_all
from genbench.suite import RunConfig
from genbench.types import Record
from genbench.watcher import Watcher

CPU = Placement(torch.device("cpu"))


def config(model: str, steps: int = 12) -> RunConfig:
    options = {"vae": {"width": 8, "latent": 2}, "gan": {"width": 8}, "dcgan": {}}[model]
    return RunConfig("test", "ring8", {"samples": 500}, model, options, (0, 1), steps, 16, evaluations=2)


class Diary(Watcher):
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.steps: dict[str, int] = {}
        self.ended: dict[str, bool] = {}

    def begin(self, config: RunConfig) -> None:
        self.begun.append(config.model)

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        self.steps[config.model] = step

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        self.ended[config.model] = reused


def test_same_results_in_the_same_order(tmp_path):
    configs, diary = [config("vae"), config("dcgan"), config("gan")], Diary()
    alone = run_all(configs, CPU, tmp_path / "alone")
    together = run_all(configs, CPU, tmp_path / "together", diary, jobs=2)
    assert [r.model for r in together] == [r.model for r in alone] == ["vae", "dcgan", "gan"]
    assert [r.status for r in together] == [r.status for r in alone] == ["done", "skipped", "done"]
    for first in (tmp_path / "alone").rglob("state.safetensors"):
        second = tmp_path / "together" / first.relative_to(tmp_path / "alone")
        expected, actual = load_file(first), load_file(second)
        for name, tensor in expected.items():
            torch.testing.assert_close(actual[name], tensor, rtol=1e-4, atol=1e-6)
    assert set(diary.begun) == set(diary.ended) == {"vae", "dcgan", "gan"}
    assert diary.ended == {"vae": False, "dcgan": False, "gan": False}


def test_finished_runs_are_kept(tmp_path):
    configs = [config("vae"), config("gan", steps=3)]
    run_all(configs, CPU, tmp_path, jobs=2)
    diary = Diary()
    run_all(configs, CPU, tmp_path, diary, jobs=2)
    assert diary.begun == []
    assert diary.ended == {"vae": True, "gan": True}


def test_stopping_reaches_the_workers(tmp_path):
    diary = Diary()
    configs = [config("vae", steps=20_000), config("gan", steps=20_000)]
    records = run_all(configs, CPU, tmp_path, diary, stopping=lambda: len(diary.steps) == 2, jobs=2)
    assert [record.status for record in records] == ["interrupted", "interrupted"]
    assert genbench.load(tmp_path).records["steps_done"].between(1, 19_999).all()


def test_a_gpu_runs_one_at_a_time():
    assert default_jobs(Placement(torch.device("cuda")), 9) == 1
    assert default_jobs(CPU, 9) >= default_jobs(CPU, 1) == 1
