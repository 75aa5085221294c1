"""The closed-form gradient of contrastive divergence against autograd's."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from genbench.engine import streams
from genbench.engine.ensemble import Ensemble
from genbench.engine.gradients import gradient
from genbench.models.dbn import DeepBeliefNet
from genbench.models.model import Batch, Loss
from genbench.testing import small_tasks

MODELS = {
    "plain": DeepBeliefNet((7, 5)),
    "longer": DeepBeliefNet((7,), cd_steps=3),
    "persistent": DeepBeliefNet((7,), cd_steps=2, persistent=True),
    "centred": DeepBeliefNet((7, 5), offset_rate=0.1),
    "learned noise": DeepBeliefNet(
        (7, 5), cd_steps=2, learned_noise=True, visible_noise=0.02, gaussian_rate=1e-4
    ),
}


def slopes(runs: Ensemble, layer: int, backend: str) -> tuple[torch.Tensor, Loss]:
    """Gradient and loss of one layer of three seeds, in double precision, away from the start."""
    state = runs.initial()
    replace(runs).advance(state, runs.spans[layer].end)
    players, buffers = ({n: t.double() for n, t in own.items()} for own in (state.players, state.buffers))
    update = runs.spans[layer].updates[0]
    noise = streams.draw(update.noise, runs.generators("test"), (runs.batch,))
    x = runs.task.to_float(runs.task.train[: 3 * runs.batch]).double().unflatten(0, (3, runs.batch))
    for layout in runs.layouts.values():
        layout.shell.double()
    (player,) = update.players
    batch = Batch(
        x, x.new_zeros(3, runs.batch, 0), {n: t.double() for n, t in noise.items()}, x.new_zeros(())
    )
    function = gradient(update, runs.layouts, backend)
    found, loss = function({player: players[player]}, players, buffers, batch, (None,) * 3)
    return found[player], loss


@pytest.mark.parametrize("task", small_tasks(), ids=lambda task: task.kind)
@pytest.mark.parametrize("name", MODELS)
def test_the_closed_form_is_what_autograd_finds(name: str, task):
    model = MODELS[name]
    for layer in range(len(model.hidden)):
        runs = Ensemble(model, task, (0, 1, 2), 12, 10)
        expected, known = slopes(runs, layer, "loop")
        found, loss = slopes(runs, layer, "batched")
        assert expected.abs().amax(1).gt(1e-4).all()
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)
        torch.testing.assert_close(loss, known, rtol=1e-6, atol=1e-9)
