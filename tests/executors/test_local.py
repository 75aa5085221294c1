"""Many runs in one process: failures stay where they are, finished work is kept."""

from dataclasses import replace

import torch

import genbench
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.models.model import Loss
from genbench.models.vae import Vae
from genbench.registry import models
from genbench.report.methods import methods
from genbench.store import load
from genbench.suite import RunConfig

CPU = Placement(torch.device("cpu"))


class Raises(Vae):
    """A plugin's model whose loss has a mistake in it."""

    def phases(self, task):
        def objective(nets, batch) -> Loss:
            raise RuntimeError("a mistake of the plugin's")

        return [
            type(phase)([replace(phase.updates[0], objective=objective)]) for phase in super().phases(task)
        ]


class Diverges(Vae):
    """A model whose loss is not finite in half of its seeds' batches, sooner or later."""

    def negative_elbo(self, nets, x, posterior, gaussian, *beta):
        loss = super().negative_elbo(nets, x, posterior, gaussian, *beta)
        return loss._replace(value=torch.where(posterior[0, 0] > 1.5, torch.nan, loss.value))


def config(model: str, steps: int = 12, seeds: tuple[int, ...] = (0, 1)) -> RunConfig:
    options = {"width": 8, "latent": 2}
    return RunConfig("test", "digits", {}, model, options, seeds, steps, batch=16, evaluations=2)


def register(monkeypatch, **factories) -> None:
    models._load()
    entries = {name: type(models["vae"])(name, factory) for name, factory in factories.items()}
    monkeypatch.setattr(models, "_entries", {**models._entries, **entries})


def test_a_model_that_raises_is_named_and_the_others_finish(monkeypatch, tmp_path):
    register(monkeypatch, raises=Raises)
    first, second = run_all([config("raises"), config("vae")], CPU, tmp_path)
    assert (first.status, second.status) == ("failed", "done")
    assert first.reason.startswith("RuntimeError: a mistake of the plugin's")
    (report,) = tmp_path.rglob("error.txt")
    assert "Traceback" in report.read_text()


def test_seeds_that_diverge_are_reported_and_left_out_of_the_trace(monkeypatch, tmp_path):
    register(monkeypatch, diverges=Diverges)
    (record,) = run_all([config("diverges", steps=60, seeds=(0, 1, 2, 3, 4, 5))], CPU, tmp_path)
    assert record.failures
    steps = {seed: int(text.rsplit(" ", 1)[1]) for seed, text in record.failures.items()}
    results = genbench.load(tmp_path)
    for seed, step in steps.items():
        own = results.traces[(results.traces["seed"] == seed) & (results.traces["signal"] != "run/finite")]
        assert own.empty or own["step"].max() < step
    assert results.traces["value"].notna().all()


def test_every_seed_gone_ends_the_run(monkeypatch, tmp_path):
    register(monkeypatch, diverges=Diverges)
    (record,) = run_all([config("diverges", steps=3000, seeds=(0, 1))], CPU, tmp_path)
    assert record.status == "failed"
    assert set(record.failures) == {0, 1}
    assert record.steps_done < 3000
    assert "every seed" in record.reason


def test_stopping_keeps_what_is_done(tmp_path):
    asked = iter([False, False, False, True])
    records = run_all(
        [config("vae", steps=200), config("gan")], CPU, tmp_path, stopping=lambda: next(asked, True)
    )
    assert [record.status for record in records] == ["interrupted"]
    assert 0 < records[0].steps_done < 200


def test_from_python(tmp_path):
    results = genbench.run("quick", models=["vae"], tasks=["digits"], seeds=[3, 5], steps=5, out=tmp_path)
    assert set(results.scores["seed"]) == {3, 5}
    assert results.records["status"].tolist() == ["done"]


def test_a_run_in_another_precision_is_not_taken_for_a_finished_one(tmp_path):
    single, half = config("vae"), replace(config("vae"), precision="bf16")
    run_all([single], CPU, tmp_path)
    records = run_all([single, half], CPU, tmp_path)
    assert [record.environment["precision"] for record in records] == ["fp32", "bf16"]
    assert {method.model for method in methods(load(tmp_path).records)} == {
        "vae[precision=fp32]",
        "vae[precision=bf16]",
    }
