"""A stranger's modules are right for many seeds, or are refused in a sentence."""

import pytest
import strangers
import torch
from strangers import CHANCE, REFUSED, RIGHT, Auto, Does, Game
from torch import nn

import genbench
from genbench.engine.ensemble import Ensemble
from genbench.engine.nets import Layout, bind, flatten
from genbench.models.model import Batch, Constant, Loss, Phase, Update
from genbench.ops.optim import adam, chain, sgd, weight_decay
from genbench.registry import models
from genbench.testing import MODEL_CHECKS, small_tasks
from genbench.testing.models import ensemble
from genbench.types import InputError

TASK = small_tasks()[0]
LOOPED = {
    "spectral": "div.out", "old spectral": "div.out", "cumulative batch norm": "values of tensors",
    "actnorm": "values of tensors", "codebook": "values of tensors", "lstm": "lstm", "gru": "gru",
    "two-layer gru": "random", "branches": "values of tensors", "item": "values of tensors", "numpy": "NumPy",
    "requires grad": "gradients of its own", **dict.fromkeys(CHANCE, "random numbers of their own"),
}  # fmt: skip


@pytest.mark.parametrize("family", [Game, Auto])
@pytest.mark.parametrize("name", RIGHT)
def test_contract(name, family):
    model = family(RIGHT[name])
    for check in MODEL_CHECKS:
        check(model, TASK)


@pytest.mark.parametrize("name", RIGHT)
def test_seeds_run_together_unless_they_cannot_and_the_reason_is_told(name):
    reason = Ensemble(Game(RIGHT[name]), TASK, (0, 1), 6, 16).unbatchable
    assert reason is None if name not in LOOPED else LOOPED[name] in reason


@pytest.mark.parametrize("family", [Game, Auto])
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_right_is_refused_in_a_sentence(name, family):
    make, words = REFUSED[name]
    with pytest.raises(InputError, match=words) as refusal:
        ensemble(family(make), TASK, (0, 1)).initial()
    assert "\n" not in str(refusal.value)


def trained(make, seeds=(0, 1), family=Game, steps=6, backend="batched", **options):
    runs = Ensemble(family(make, **options), TASK, seeds, steps, 16, backend).feasible()
    state = runs.initial()
    runs.advance(state, steps)
    return runs, state


@pytest.mark.parametrize("name", RIGHT)
def test_seed_three_alone_is_seed_three_among_four_to_the_bit_in_a_loop(name):
    (_, one), (_, among) = (trained(RIGHT[name], seeds, backend="loop") for seeds in ((3,), (0, 3, 5, 7)))
    for alone, every in ((one.players, among.players), (one.buffers, among.buffers)):
        for key, value in alone.items():
            assert torch.equal(value[0], every[key][1]), key


CHANGING = {
    "spectral": "0._u", "old spectral": "weight_u", "batch norm": "running_mean", "counter": "calls",
    "cumulative batch norm": "num_batches_tracked", "batch norm 2d": "1.running_var", "assigned": "mean",
    "through data": "mean", "actnorm": "initialized", "codebook": "codes", "shared buffer": "writer.mean",
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGING)
def test_what_a_forward_pass_changes_is_state_and_moves(name):
    runs, state = trained(RIGHT[name])
    assert runs.traits.changing
    (key,) = (k for k in state.buffers if k.startswith("critic.") and k.endswith(CHANGING[name]))
    assert not torch.equal(state.buffers[key], runs.initial().buffers[key])


@pytest.mark.parametrize("name", ["fourier", "permutation", "mask", "plain tensor", "frozen", "frozen tied"])
def test_what_differs_at_the_start_stays_the_seeds_own(name):
    runs, state = trained(RIGHT[name])
    assert not runs.traits.changing
    assert state.buffers
    for key, value in runs.initial().buffers.items():
        assert torch.equal(value, state.buffers[key])
        assert state.buffers[key].dtype == value.dtype
    assert any(not torch.equal(value[0], value[1]) for value in state.buffers.values())


def test_what_all_seeds_share_is_no_state():
    runs, state = trained(lambda: Does(lambda m, x: x * m.scale, scale=torch.ones(strangers.D)))
    assert state.buffers == {}
    assert runs.layouts["critic"].state == ()


def test_frozen_layers_stay_under_weight_decay():
    decayed = chain(weight_decay(0.1), adam(1e-2))
    runs, state = trained(strangers.frozen, optimizer=decayed)
    for key, value in runs.initial().buffers.items():
        assert torch.equal(value, state.buffers[key])


@pytest.mark.parametrize("backend", ["batched", "loop"])
def test_tied_weights_stay_one_and_learn_for_each_seed(backend):
    runs, state = trained(strangers.Tied, backend=backend)
    weights = []
    for row in (0, 1):
        tied = runs.nets(state, row)["critic"][2]
        assert tied.a.weight is tied.b.weight is tied.c.weight
        assert not torch.equal(tied.a.weight, runs.nets(runs.initial(), row)["critic"][2].a.weight)
        weights.append(runs.nets(state, row)["critic"][2].a.weight)
    assert not torch.equal(*weights)


class Twice(Game):
    """Moves its critic twice in a step, by names of signals and optimisers of the test's choice."""

    names = ("critic/loss", "critic/loss")
    kinds = (sgd(0.05), sgd(0.0))

    def phases(self, task):
        def objective(name, scale):
            def value(nets, batch: Batch) -> Loss:
                loss = scale * nets["critic"](batch.x).square().mean()
                return Loss(loss, {name: loss})

            return value

        pairs = zip(self.names, (1.0, 3.0), self.kinds, strict=True)
        return [Phase([Update(objective(n, scale), {"critic": kind}) for n, scale, kind in pairs])]


def test_two_updates_of_one_player_keep_their_signals_apart():
    class Apart(Twice):
        names = ("critic/first", "critic/second")
        kinds = (sgd(0.0), sgd(0.0))

    class Same(Apart):
        names = ("critic/loss", "critic/loss")

    make = RIGHT["linear"]
    read = {}
    for model in (Apart, Same):
        runs = Ensemble(model(make), TASK, (0, 1), 4, 16)
        read[model] = runs.advance(runs.initial(), 4).read()
    first, second = (torch.tensor(read[Apart][f"critic/{name}"]) for name in ("first", "second"))
    torch.testing.assert_close(second, 3 * first)
    torch.testing.assert_close(torch.tensor(read[Same]["critic/loss"]), 2 * first)


def test_optimisers_of_one_player_that_remember_different_things_are_refused():
    class Mixed(Twice):
        kinds = (sgd(0.1), adam(0.1))

    runs = Ensemble(Mixed(RIGHT["linear"]), TASK, (0,), 4, 16)
    with pytest.raises(InputError, match="critic by optimisers of different kinds"):
        runs.advance(runs.initial(), 4)


class Parts(nn.Module):
    """One of everything that a net may be asked for."""

    constant = 7

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.ones(3))
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.body = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
        self.list = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        self.heads = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3)})

    @property
    def doubled(self):
        return 2 * self.shift

    def moved(self, x, *, by=0.0):
        return self.scale * (x + by)

    def forward(self, x, extra=0.0):
        return self.body(x) + extra

    def size(self):
        return sum(p.square().sum() for p in self.parameters())


def test_a_net_answers_as_its_module_does():
    module, x = Parts(), torch.rand(2, 3)
    net = bind({"net": Layout(Parts())}, {"net": flatten(module)}, {})["net"]
    pairs = [
        (net(x, extra=1.0), module(x, extra=1.0)),
        (net.moved(x, by=1.0), module.moved(x, by=1.0)),
        (net.doubled, module.doubled),
        (net.shift, module.shift),
        (net.body(x), module.body(x)),
        (net.body[-1](x), module.body[-1](x)),
        (net.body[:2](x), module.body[:2](x)),
        (net.body[0].weight, module.body[0].weight),
        (net.heads["b"](x), module.heads["b"](x)),
        (net.size(), module.size()),
    ]
    pairs += [(ours(x), theirs(x)) for ours, theirs in zip(net.list, module.list, strict=True)]
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs)
    assert (net.constant, len(net.body), list(net.heads)) == (7, 3, ["a", "b"])
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = net.body.no_such_thing
    with pytest.raises(TypeError, match="wrong"):
        net.moved(x, wrong=1)


def test_vectors_scalars_and_nothing_to_train_are_players():
    class Vector(nn.Module):
        def __init__(self):
            super().__init__()
            self.shift, self.gain = nn.Parameter(torch.zeros(strangers.D)), nn.Parameter(torch.ones(()))

        def forward(self, x):
            return self.gain * x + self.shift

    for check in MODEL_CHECKS:
        check(Game(Vector), TASK)
    assert Layout(nn.Tanh()).numel == 0
    assert Layout(Vector()).layers == (slice(0, 6), slice(6, 7))


def test_one_parameter_of_two_nets_is_refused():
    class Shared(Game):
        def nets(self, task):
            nets = super().nets(task)
            nets["generator"][0].weight = nets["critic"][3].weight = nn.Parameter(torch.rand(6, 3))
            return nets

    with pytest.raises(InputError, match="one parameter of two nets"):
        Ensemble(Shared(nn.Tanh), TASK, (0,), 4, 16).initial()


def test_sampling_is_in_evaluation_mode_and_a_layer_at_rest_stays_so():
    runs, _ = trained(strangers.batch_norm)
    assert not runs.layouts["critic"].shell.training
    runs, _ = trained(strangers.resting)
    assert not runs.traits.changing


def test_branches_may_not_be_asked_for_in_one_program():
    runs = Ensemble(Game(strangers.Branches), TASK, (0, 1), 6, 16, "batched")
    with pytest.raises(InputError, match=r"branches .* use --backend loop"):
        runs.advance(runs.initial(), 6)


PLUGINS = {
    "my-sn": "spectral",
    "my-dropout": "dropout",
    "my-batchnorm": "batch norm",
    "my-branch": "branches",
}
SUITE = """
description = "strangers"
seeds = 2
steps = 6
batch = 16
evaluations = 1
metrics = ["sliced_wasserstein@500"]

[[compare]]
tasks = ["ring8"]
models = {models}
"""


@pytest.fixture
def plugins(monkeypatch):
    for name, kind in PLUGINS.items():

        def factory(kind: str = kind) -> Game:
            return Game(RIGHT[kind])

        models.register(name)(factory)
    yield
    for name in PLUGINS:
        models._entries.pop(name, None)


def test_plugins_run_and_say_why_seed_by_seed(plugins, tmp_path):
    suite = tmp_path / "s.toml"
    suite.write_text(SUITE.format(models=str(list(PLUGINS)).replace("'", '"')))
    both = genbench.run(suite, seeds=[0, 3], out=tmp_path / "both")
    alone = genbench.run(suite, seeds=[3], out=tmp_path / "alone")
    assert set(both.records.status) == {"done"}
    notes = {record.model: " ".join(record.notes) for record in both.records.itertuples()}
    assert notes["my-batchnorm"] == ""
    for name in ("my-sn", "my-dropout", "my-branch"):
        assert "one after the other" in notes[name]
        ours, theirs = (
            r.scores[(r.scores.model == name) & (r.scores.seed == 3)].value.tolist() for r in (both, alone)
        )
        assert ours == theirs


def test_a_buffer_of_the_model_called_as_a_tensor_of_its_module_is_refused():
    class Doubled(Game):
        def buffers(self, task, batch):
            return {"critic.2.b": Constant()}

    make = lambda: Does(lambda m, x: x + m.b, b=torch.zeros(strangers.D))  # noqa: E731
    with pytest.raises(InputError, match=r"critic\.2\.b is a buffer of the model and a tensor of its module"):
        Ensemble(Doubled(make), TASK, (0, 1), 4, 16).initial()


def test_a_varied_ensemble_knows_what_its_rehearsal_has_shown():
    runs = Ensemble(Game(RIGHT["batch norm"]), TASK, (0, 1), 4, 16)
    shown = runs.traits
    assert runs.varied(seeds=(5,), backend="loop").traits is shown
