"""Greedy layers, contrastive divergence and sampling of belief nets."""

import itertools
from dataclasses import replace

import torch

from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import draw
from genbench.models.dbn import DeepBeliefNet
from genbench.nn.rbm import Rbm
from genbench.registry import models
from genbench.tasks.task import Task
from genbench.testing import small_tasks

POINTS, IMAGES = small_tasks()


def binary_task(patterns: torch.Tensor, copies: int = 64) -> Task:
    data = patterns.repeat(copies, 1).view(-1, 1, 1, patterns.shape[1])
    return Task("patterns", "images", data, data[:10], ())


def test_an_rbm_is_a_belief_net_of_one_layer():
    rbm = models["rbm"].create(hidden=7)
    assert type(rbm) is DeepBeliefNet
    assert rbm.hidden == (7,)


def test_layers_are_trained_one_after_the_other():
    runs = Ensemble(DeepBeliefNet((6, 5)), IMAGES, (0,), steps=20, batch=16)
    assert [(start, end) for start, end, _ in runs.spans] == [(0, 10), (10, 20)]
    state = runs.initial()
    fresh = {name: flat.clone() for name, flat in state.players.items()}
    runs.advance(state, 10)
    assert torch.equal(state.players["rbm1"], fresh["rbm1"])
    first = state.players["rbm0"].clone()
    runs.advance(state, 20)
    assert torch.equal(state.players["rbm0"], first)
    assert not torch.equal(state.players["rbm1"], fresh["rbm1"])


def test_visible_units_are_binary_for_images_and_gaussian_for_points():
    model = DeepBeliefNet((4,))
    assert model.nets(IMAGES)["rbm0"].log_variance is None
    gaussian = model.nets(POINTS)["rbm0"].log_variance
    torch.testing.assert_close(gaussian.exp(), 0.1 * POINTS.train.var(0))


def test_biases_start_at_the_datas_log_odds():
    mean = torch.tensor([0.2, 0.5, 0.0])
    bias = Rbm(3, mean).visible_bias
    torch.testing.assert_close(torch.sigmoid(bias), torch.tensor([0.2, 0.5, 0.01]))


def test_persistent_chains_move_and_are_kept():
    runs = Ensemble(DeepBeliefNet((6,), persistent=True), IMAGES, (0, 1), steps=4, batch=16)
    state = runs.initial()
    assert state.buffers["rbm0.chain"].shape == (2, 16, 64)
    before = state.buffers["rbm0.chain"].clone()
    runs.advance(state, 4)
    after = state.buffers["rbm0.chain"]
    assert not torch.equal(before, after)
    assert set(after.unique().tolist()) <= {0.0, 1.0}
    assert not torch.equal(after[0], after[1])


def test_contrastive_divergence_learns_a_small_distribution():
    """Against enumeration: the exact likelihood of two patterns rises towards its bound, log ½ each."""
    patterns = torch.tensor([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    task = binary_task(patterns)
    model = DeepBeliefNet((8,), cd_steps=5, rate=0.1, decay=0.0)
    runs = Ensemble(model, task, (0, 1), steps=1500, batch=32)
    state = runs.initial()
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)))

    def log_likelihood(row: int) -> float:
        rbm = runs.nets(state, row)["rbm0"]
        log_z = torch.logsumexp(-rbm.free_energy(every), 0)
        return (-rbm.free_energy(patterns) - log_z).mean().item()

    start = [log_likelihood(row) for row in range(2)]
    runs.advance(state, 1500)
    end = [log_likelihood(row) for row in range(2)]
    bound = torch.tensor(0.5).log().item()
    assert all(s < -2.5 for s in start)
    assert all(bound - 0.1 < e <= bound for e in end)


def test_samples_follow_the_machine():
    """Long chains visit the states of a fixed small machine as often as enumeration says."""
    task = binary_task(torch.eye(4))
    model = DeepBeliefNet((3,), sampling_sweeps=30)
    runs = Ensemble(model, task, (0,), steps=1, batch=8)
    state = runs.initial()
    state.players["rbm0"].normal_(0, 1, generator=torch.Generator().manual_seed(0))
    rbm = runs.nets(state, 0)["rbm0"]
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)))
    expected = torch.softmax(-rbm.free_energy(every), 0) @ every
    means = draw(runs, state, 20_000, "bank")[0].mean(0).flatten()
    torch.testing.assert_close(means, expected, atol=0.01, rtol=0)


def test_more_steps_of_the_chain_are_declared():
    (phase,) = replace(DeepBeliefNet((5,)), cd_steps=3).phases(IMAGES)
    assert phase.updates[0].noise["hidden"].shape == (3, 5)
    assert phase.updates[0].noise["visible"].shape == (3, 64)


def test_each_layer_draws_for_itself_alone():
    lower, upper = DeepBeliefNet((5, 3)).phases(IMAGES)
    assert [n.shape for n in lower.updates[0].noise.values()] == [(1, 5), (1, 64)]
    assert [n.shape for n in upper.updates[0].noise.values()] == [(1, 3), (1, 5)]
