"""Losses that compare scores of generated with scores of real data, as arguments to the family."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from genbench.engine.ensemble import Ensemble
from genbench.models.gan import Gan
from genbench.models.gans import gan
from genbench.models.model import Batch
from genbench.models.penalties import Penalty, gradient_penalty
from genbench.nn.architectures import Convolutional, Dense, PacGan
from genbench.nn.dcgan import Rules
from genbench.ops import adversarial as games
from genbench.ops.optim import adam
from genbench.testing import MODEL_CHECKS, check_compiled_agrees, small_tasks

POINTS, IMAGES = small_tasks()
ADAM = adam(1e-3, (0.5, 0.999))


def relativistic_critic(real: Tensor, fake: Tensor) -> Tensor:
    """−E log D(x, G(z)), D = sigmoid(f(x) − f(G(z))) (Jolicoeur-Martineau 2019, arXiv:1807.00734, eq. 11)."""
    return softplus(fake - real).mean()


def relativistic_generator(fake: Tensor, real: games.RealScores) -> Tensor:
    """−E log D(G(z), x), eq. 12 there."""
    return softplus(real() - fake).mean()


def average_generator(fake: Tensor, real: games.RealScores) -> Tensor:
    """The same of each score against the other side's mean, eq. 14 there."""
    found = real()
    return softplus(found.mean() - fake).mean() + softplus(found - fake.mean()).mean()


relativistic = partial(Gan, relativistic_critic, relativistic_generator, ADAM, ADAM, latent=4)
MODELS = {
    "plain": relativistic(architecture=Dense(16)),
    "average": Gan(relativistic_critic, average_generator, ADAM, ADAM, latent=4, architecture=Dense(16)),
    "penalised": relativistic(architecture=Dense(16), penalty=gradient_penalty(1.0), critic_steps=2),
}


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", [POINTS, IMAGES], ids=lambda task: task.name)
@pytest.mark.parametrize("name", MODELS)
def test_contract(name, task, check):
    check(MODELS[name], task)


def test_it_runs_on_every_architecture():
    for architecture in (Convolutional(4, rules=Rules(critic_norm=False)), PacGan(8)):
        runs = Ensemble(relativistic(architecture=architecture), IMAGES, (0,), steps=2, batch=8)
        state = runs.initial()
        runs.advance(state, 2)
        assert state.alive.all()


def nets_that_note(calls: list[Tensor]):
    def critic(x):
        calls.append(x)
        return x.flatten(1).sum(1)

    return {"generator": lambda z: z[:, :1, None, None].tanh().expand(-1, *IMAGES.shape), "critic": critic}


def test_the_real_batch_is_seen_in_the_nets_range_and_only_by_losses_that_ask():
    x = IMAGES.to_float(IMAGES.train[:6])
    batch = Batch(x, x.new_zeros(6, 0), {"z": torch.randn(6, 4)})
    asked, unasked = [], []
    loss = relativistic().phases(IMAGES)[0].updates[1].objective(nets_that_note(asked), batch)
    gan(latent=4).phases(IMAGES)[0].updates[1].objective(nets_that_note(unasked), batch)
    assert (len(asked), len(unasked)) == (2, 1)
    assert torch.equal(asked[1], 2 * x - 1)
    fake, real = (seen.flatten(1).sum(1) for seen in asked)
    torch.testing.assert_close(loss.value, softplus(real - fake).mean())


def test_the_slope_left_to_the_generator_is_measured_against_equal_scores():
    nets = {"critic": lambda x: x[:, 0]}
    real, fake = torch.full((5, 2), 3.0), torch.zeros(8, 2)
    found = relativistic().probe(POINTS, nets, real, fake)
    assert found["generator/score_gradient"].item() == pytest.approx(2 * torch.tensor(3.0).sigmoid().item())


def test_a_penalty_of_ones_own_and_one_of_no_weight():
    zero_centred = Penalty(lambda critic, real, fake, noise: critic(real).square().mean(), 0.5)
    nets = {"generator": lambda z: z, "critic": lambda x: x[:, 0]}
    x, z = torch.randn(4, 2), torch.randn(4, 2)
    batch = Batch(x, x.new_zeros(4, 0), {"z": z})
    plain = relativistic().critic_objective(nets, batch)
    for penalty, more in ((zero_centred, x[:, 0].square().mean() / 2), (gradient_penalty(0.0), 0.0)):
        model = relativistic(penalty=penalty)
        assert set(model.phases(POINTS)[0].updates[0].noise) == {"z"}
        loss = model.critic_objective(nets, batch)
        torch.testing.assert_close(loss.value, plain.value + more)
        assert ("critic/penalty" in loss.stats) == bool(penalty.weight)


def test_the_penalty_takes_the_closed_form_where_the_critic_has_one():
    taken = []

    class Critic:
        def __call__(self, x):
            return x.sum(1)

        def input_gradient(self, x):
            taken.append(x)
            return torch.ones_like(x)

    noise = {"mix": torch.rand(4)}
    real, fake = torch.randn(2, 4, 3)
    closed = gradient_penalty(1.0).of(Critic(), real, fake, noise)
    assert len(taken) == 1
    torch.testing.assert_close(gradient_penalty(1.0).of(lambda x: x.sum(1), real, fake, noise), closed)


@pytest.mark.parametrize("architecture", [Dense(8), PacGan(8)], ids=repr)
def test_compiled_penalties_agree_with_and_without_a_closed_form(architecture):
    penalised = relativistic(architecture=architecture, penalty=gradient_penalty(1.0))
    check_compiled_agrees(penalised, POINTS)
