"""Centred machines in training."""

import pytest
import torch

from genbench.engine.ensemble import Ensemble
from genbench.models.dbn import DeepBeliefNet
from genbench.tasks import binary_digits, gaussian

STEPS = 30


@pytest.mark.parametrize("task", [binary_digits(), gaussian(samples=200)], ids=lambda task: task.name)
def test_both_backends_train_centred_layers_alike(task):
    model = DeepBeliefNet((6, 4), persistent=True, offset_rate=0.1)
    trained = []
    for backend in ("batched", "loop"):
        ensemble = Ensemble(model, task, (0, 1), STEPS, 20, backend)
        state = ensemble.initial()
        ensemble.advance(state, STEPS)
        trained.append(state)
    for name in trained[0].players:
        torch.testing.assert_close(trained[0].players[name], trained[1].players[name], rtol=1e-3, atol=1e-4)
    assert {"rbm0.chain", "rbm0.offset", "rbm1.chain", "rbm1.offset"} == set(trained[0].buffers)


def test_offsets_follow_the_hidden_means_and_forget_their_start():
    task = binary_digits()
    model = DeepBeliefNet((8,), offset_rate=0.2, rate=0.01)
    ensemble = Ensemble(model, task, (0, 1, 2), 100, 100)
    state = ensemble.initial()
    start = state.buffers["rbm0.offset"].clone()
    ensemble.advance(state, 100)
    for row in range(3):
        net = ensemble.nets(state, row)["rbm0"]
        mean = net.hidden(task.train.flatten(1)).mean(0)
        assert (state.buffers["rbm0.offset"][row] - mean).abs().max() < 0.1
        assert (start[row] - mean).abs().max() > 0.1
