"""Compiled and reduced-precision updates against the eager program."""

import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from genbench.engine import checkpoint, compilation, devices, seed_groups
from genbench.engine.devices import choose_compilation
from genbench.engine.ensemble import Ensemble
from genbench.engine.state import State
from genbench.models.model import Draw, Loss, Model, Noise, Phase, Sampler, Update
from genbench.ops.optim import sgd
from genbench.registry import models, tasks
from genbench.tasks.task import Task
from genbench.types import InputError


@pytest.fixture(scope="module")
def eager() -> Ensemble:
    task = tasks["ring8"].create(samples=400)
    return Ensemble(models["wgan"].create(width=8, latent=2, critic_steps=2), task, (0, 1, 2), 8, 16)


def trained(runs: Ensemble, steps: int = 8) -> State:
    state = runs.initial()
    runs.advance(state, steps)
    return state


class Line(Model):
    """One layer and one update, since compiling takes seconds a kernel."""

    def nets(self, task: Task) -> dict[str, nn.Module]:
        return {"line": nn.Linear(2, 2)}

    def objective(self, nets, batch) -> Loss:
        value = (nets["line"](batch.noise["z"]) - batch.x).square().mean()
        return Loss(value, {"line/loss": value})

    def phases(self, task: Task) -> list[Phase]:
        return [Phase([Update(self.objective, {"line": sgd(0.1, 0.5)}, {"z": Noise("normal", (2,))})])]

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw({"z": Noise("normal", (2,))}, lambda nets, noise, c: nets["line"](noise["z"])))


def test_a_compiled_run_computes_the_same_and_resumes_exactly(eager: Ensemble) -> None:
    plain = replace(eager, model=Line())
    compiled = replace(plain, compiled=True)
    whole, cut, expected = compiled.initial(), compiled.initial(), plain.initial()
    signals, known = compiled.advance(whole, 8).read(), plain.advance(expected, 8).read()
    compiled.advance(cut, 3)
    resumed = checkpoint.from_bytes(checkpoint.to_bytes(cut, "key"), "state", "key", eager.device)
    compiled.advance(resumed, 8)
    torch.testing.assert_close(whole.players, expected.players, rtol=1e-4, atol=1e-5)
    assert torch.equal(whole.players["line"], resumed.players["line"])
    assert signals.keys() == known.keys()
    assert signals["line/loss"] == pytest.approx(known["line/loss"], rel=1e-4)


def test_groups_of_seeds_on_threads_compute_the_same(eager: Ensemble, monkeypatch) -> None:
    plain = replace(eager, model=Line(), seeds=(0, 1, 2, 3))
    whole = plain.initial()
    known = plain.advance(whole, 8).read()
    monkeypatch.setattr(seed_groups, "CACHED", 1)
    torch.set_num_threads(2)
    try:
        compiled = replace(plain, compiled=True)
        parts = compiled.initial()
        signals = compiled.advance(parts, 8).read()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert len(compiled._groups) == 4
    torch.testing.assert_close(parts.players, whole.players, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(parts.optimizers, whole.optimizers, rtol=1e-4, atol=1e-5)
    assert signals["line/grad_norm"] == pytest.approx(known["line/grad_norm"], rel=1e-4)


@pytest.mark.parametrize("replayed", [False, True])
def test_updates_are_recorded_as_cuda_graphs_where_a_gpu_replays_them(eager, monkeypatch, replayed) -> None:
    asked, begun = [], []

    def compile_fx(graph, inputs, config_patches):
        asked.append(config_patches)
        return graph

    monkeypatch.setattr("torch._inductor.compile_fx.compile_fx", compile_fx)
    monkeypatch.setattr(compilation, "replays", lambda device: replayed)
    monkeypatch.setattr(torch.compiler, "cudagraph_mark_step_begin", lambda: begun.append(True))
    plain = replace(eager, model=Line())
    expected, found = trained(plain, 3), trained(replace(plain, compiled=True), 3)
    assert asked == [{"cpp_wrapper": True, "triton.cudagraphs": replayed}]
    assert len(begun) == 3 * replayed
    torch.testing.assert_close(found.players, expected.players)


def test_only_a_gpu_replays() -> None:
    assert [compilation.replays(torch.device(name)) for name in ("cpu", "cuda")] == [False, True]


def test_an_error_on_a_thread_is_raised_and_threads_are_as_before() -> None:
    def work(_: int) -> None:
        raise MemoryError

    torch.set_num_threads(2)
    try:
        with pytest.raises(MemoryError), seed_groups.side_by_side(2) as each:
            list(each(work, [0, 1, 2]))
        assert torch.get_num_threads() == 2
        done = []
        with pytest.raises(MemoryError), seed_groups.side_by_side(2) as each:
            each(lambda seconds: (time.sleep(seconds), done.append(1)) if seconds else work(0), [0, 0.2])
        assert done, "a thread was left at work"
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("seeds", "size", "sizes"), [(16, 4, [4] * 4), (10, 4, [2] * 5), (7, 3, [2, 2, 3]), (3, 9, [3])]
)
def test_groups_are_even(seeds: int, size: int, sizes: list[int]) -> None:
    assert [rows.stop - rows.start for rows in seed_groups.cut(seeds, size)] == sizes


def test_more_seeds_of_a_small_net_fit_into_the_caches(eager: Ensemble) -> None:
    fits = [
        seed_groups.cached_seeds(replace(eager, model=models["gan"].create(latent=2, width=w)).layouts, batch)
        for w, batch in ((128, 256), (32, 64), (2048, 2048))
    ]
    assert 2 <= fits[0] <= 8
    assert fits[1] >= 64
    assert fits[2] == 1


NARROW = {"width": 4, "latent": 2, "depth": 1, "hidden": 4, "critic_steps": 1}


@pytest.mark.parametrize("name", [name for name in models if name != "dcgan"])
def test_every_model_compiles_and_computes_the_same(eager: Ensemble, name: str) -> None:
    entry = models[name]
    sizes = {option: value for option, value in NARROW.items() if option in entry.options}
    sizes |= {"hidden": (4,)} if name == "dbn" else {}
    plain = replace(eager, model=entry.create(**sizes))
    expected, found = trained(plain, 3), trained(replace(plain, compiled=True), 3)
    torch.testing.assert_close(found.players, expected.players, rtol=1e-4, atol=1e-5)


def test_bfloat16_is_near_and_keeps_parameters_in_single_precision(eager: Ensemble) -> None:
    single, half = trained(eager, 1), trained(replace(eager, precision="bf16"), 1)
    for player, parameters in single.players.items():
        assert half.players[player].dtype == torch.float32
        assert not torch.equal(half.players[player], parameters)
        torch.testing.assert_close(half.players[player], parameters, rtol=0.1, atol=0.01)


def test_compiling_is_chosen_where_it_pays(eager: Ensemble, monkeypatch) -> None:
    model, task = eager.model, eager.task

    def choice(asked: bool | None, work: int, backend: str = "auto") -> bool:
        return choose_compilation(asked, backend, "batched", model, task, work)

    assert not choice(None, 8)
    assert not choice(False, 10**9)
    assert choice(True, 8)
    assert choice(None, 10**9)
    assert not choice(None, 10**9, "batched")
    monkeypatch.setattr(devices, "compiles", lambda: False)
    assert not choice(None, 10**9)
    with pytest.raises(InputError, match="needs the batched backend"):
        choose_compilation(True, "loop", "loop", model, task, 8)


def test_a_machine_that_cannot_compile_is_no_error(monkeypatch) -> None:
    def compile_fx(*_: object, **__: object) -> None:
        raise RuntimeError("no Python.h")

    monkeypatch.setattr("torch._inductor.compile_fx.compile_fx", compile_fx)
    assert not compilation.compiles.__wrapped__()
    monkeypatch.undo()
    assert compilation.compiles.__wrapped__()
