"""Whole runs of seven kinds of method: looks, walks, costs, scores, checkpoints, repeats, processes."""

import inspect

import pytest
import torch
from seven import SEVEN, ConditionalGan, CycleGan, Diffusion, GaussianMixture, Pca, PixelCnn

from genbench.engine import cost, memory
from genbench.engine.ensemble import Ensemble
from genbench.engine.latent_walks import WALKS, walk
from genbench.engine.parallel import Split, refuses
from genbench.engine.placement import Placement
from genbench.engine.rehearsal import example_batch
from genbench.engine.sample_probe import Probe
from genbench.executors.attempt import folder_of
from genbench.executors.local import run_all
from genbench.executors.verify import verify
from genbench.models.capabilities import Latent
from genbench.registry import Entry, models, tasks
from genbench.suite import RunConfig
from genbench.testing import conditional_tasks, small_tasks

CPU = Placement(torch.device("cpu"))
TASKS = {task.name: task for task in [*small_tasks(), *conditional_tasks()]}
FIRST = {
    type(model).__name__: (model, next(t for t in TASKS.values() if model.refuses(t) is None))
    for model in SEVEN
}
CASES = [pytest.param(model, task, id=name) for name, (model, task) in FIRST.items()]


@pytest.fixture
def registered(monkeypatch):
    """The seven models and the small tasks under names of their own."""
    for registry, named in ((models, {n: m for n, (m, _) in FIRST.items()}), (tasks, TASKS)):
        registry._load()
        entries = {
            f"a-{name}": Entry(f"a-{name}", lambda value=value: value) for name, value in named.items()
        }
        for entry in entries.values():
            entry.factory.__signature__ = inspect.Signature()
        monkeypatch.setattr(registry, "_entries", {**registry._entries, **entries})


def config(name: str, steps: int = 24) -> RunConfig:
    task = FIRST[name][1]
    return RunConfig("seven", f"a-{task.name}", {}, f"a-{name}", {}, (0, 1), steps, batch=16, evaluations=2)


@pytest.mark.parametrize("name", FIRST)
def test_a_run_ends_is_kept_and_repeats_to_the_bit(name, registered, tmp_path):
    (record,) = run_all([config(name)], CPU, tmp_path)
    assert record.status == "done", record.reason
    assert record.cost["flops"]
    folder = folder_of(config(name), tmp_path)
    signals = set(folder.read_trace().signal)
    assert "run/finite" in signals
    assert {signal.partition("/")[0] for signal in signals} & set(FIRST[name][0].nets(FIRST[name][1]))
    assert folder.read_samples() is not None
    assert verify(folder).sameness == "bitwise equal"


@pytest.mark.parametrize("name", ["Alae", "CycleGan", "Diffusion", "GaussianMixture"])
def test_an_interrupted_run_goes_on_to_the_same_end(name, registered, tmp_path):
    stops = iter([False, False, False, True])
    (cut,) = run_all([config(name)], CPU, tmp_path / "cut", stopping=lambda: next(stops, False))
    assert cut.status == "interrupted"
    run_all([config(name)], CPU, tmp_path / "cut")
    run_all([config(name)], CPU, tmp_path / "whole")
    cut, whole = (folder_of(config(name), tmp_path / part).read_samples() for part in ("cut", "whole"))
    assert (cut.generated == whole.generated).all()


@pytest.mark.parametrize(("model", "task"), CASES)
def test_looks_at_samples_say_something(model, task):
    runs = Ensemble(model, task, (0, 1), 8, 16)
    signals = Probe(runs).read(runs.initial())
    assert signals
    assert all(len(values) == 2 for values in signals.values())


@pytest.mark.parametrize(("model", "task"), CASES)
def test_walks_are_for_latent_spaces_alone(model, task):
    runs = Ensemble(model, task, (0,), 8, 16)
    paths = walk(runs, runs.initial())
    assert (paths is not None) == isinstance(model, Latent)
    assert paths is None or paths.shape == (1, *WALKS[task.kind], *task.shape)


def test_samplers_of_many_steps_are_looked_at_less_often():
    ring, digits = TASKS["ring8"], TASKS["digits"]
    looks = {
        steps: len(Probe(Ensemble(Diffusion(levels=steps), ring, (0,), 4000, 128)).looks)
        for steps in (1, 18, 90)
    }
    assert looks[1] >= looks[18] > looks[90]
    assert len(Probe(Ensemble(PixelCnn(), digits, (0,), 400, 16)).looks) == 1


def test_costs_count_rules_on_all_data():
    ring = TASKS["ring8"]
    ((start, flops),) = cost.step_flops(Ensemble(GaussianMixture(), ring, (0, 1), 8, 16))
    assert (start, flops > 0) == (0, True)
    assert [span for span, _ in cost.step_flops(Ensemble(Pca(), ring, (0,), 8, 16))] == [0]


@pytest.mark.parametrize(("model", "task"), CASES)
def test_half_as_many_seeds_at_once_compute_the_same(model, task):
    whole = Ensemble(model, task, (0, 1, 2), 4, 16)
    half = memory.halved(whole)
    ends = []
    for runs in (whole, half):
        state = runs.initial()
        runs.advance(state, 4)
        ends.append(state)
    for player, flat in ends[0].players.items():
        torch.testing.assert_close(flat, ends[1].players[player], rtol=1e-4, atol=1e-5)
    assert ends[0].optimizers.keys() == ends[1].optimizers.keys()


@pytest.mark.parametrize("model", [ConditionalGan(), CycleGan(), Diffusion(), GaussianMixture()], ids=repr)
def test_batches_with_conditions_split_over_processes(model):
    task = next(t for t in TASKS.values() if t.condition is not None and model.refuses(t) is None)
    runs = Ensemble(model, task, (0,), 8, 16, "loop")
    assert refuses(runs, 2) is None
    assert "3 processes" in refuses(runs, 3)
    whole = example_batch(task, runs.spans[0].updates[0], 16, runs.generators("split"))
    halves = [Split(rank, 2).share(whole) for rank in (0, 1)]
    for part in ("x", "c"):
        assert torch.equal(torch.cat([getattr(half, part) for half in halves], 1), getattr(whole, part))
