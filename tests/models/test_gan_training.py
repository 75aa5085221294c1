"""Averaged weights, rate decay, R1, spectral norm and the hinge loss: exact values, and the contract."""

import math
from dataclasses import replace

import pytest
import torch

from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import draw
from genbench.models.gan import Gan
from genbench.models.gans import dcgan, gan, hinge_gan, lsgan, wgan, wgan_gp
from genbench.models.model import Batch
from genbench.ops import adversarial as games
from genbench.ops.optim import sgd
from genbench.registry import models
from genbench.testing import MODEL_CHECKS, check_compiled_agrees, small_tasks
from genbench.types import InputError

POINTS, IMAGES = small_tasks()
RUN = {"average": 0.9, "final_rate": 0.1}
CASES = {
    "gan": (gan(latent=2, width=8, r1=0.1, **RUN), POINTS),
    "hinge": (hinge_gan(latent=2, width=8, spectral_norm=True, **RUN), POINTS),
    "everything": (lsgan(latent=2, width=8, depth=1, spectral_norm=True, r1=1.0, **RUN), IMAGES),
    "wgan": (wgan(latent=2, width=8, critic_steps=2, **RUN), POINTS),
    "wgan-gp": (wgan_gp(latent=2, width=8, critic_steps=2, **RUN), POINTS),
    "dcgan": (dcgan(latent=2, width=4, critic_norm=False, spectral_norm=True, r1=0.1, **RUN), IMAGES),
    "conv": (gan(latent=2, width=4, architecture="conv", r1=0.1, average=0.9), IMAGES),
    "pacgan": (gan(latent=2, width=8, architecture="pacgan", spectral_norm=True, r1=0.1, **RUN), POINTS),
}


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", CASES)
def test_contract(name, check):
    check(*CASES[name])


def test_compiled_agrees():
    model = replace(CASES["hinge"][0], penalty=CASES["gan"][0].penalty)
    check_compiled_agrees(model, POINTS)


def test_every_member_offers_average_and_decay():
    for name, entry in models.items():
        if isinstance(made := entry.create(), Gan):
            assert (made.average, made.final_rate) == (0, 1), name
            changed = entry.create(average=0.99, final_rate=0.5)
            assert (changed.average, changed.final_rate) == (0.99, 0.5), name


@pytest.mark.parametrize(
    "options", [{"average": 1.0}, {"average": -0.1}, {"final_rate": 1.5}, {"final_rate": -1.0}, {"r1": -1.0}]
)
def test_values_without_a_meaning_are_refused(options):
    (name,) = options
    with pytest.raises(InputError, match=f"option '{name}' of gan"):
        models["gan"].create(**options)


def test_neutral_options_add_no_net_and_no_state():
    model = gan(latent=2, width=8)
    runs = Ensemble(model, POINTS, (0,), steps=2, batch=8)
    state = runs.initial()
    runs.advance(state, 2)
    assert set(state.players) == {"generator", "critic"}
    assert not state.buffers
    assert model.penalty is None
    assert not any(key.endswith("count") and key.startswith("1.") for key in state.optimizers["0.critic"])


def test_the_average_is_the_recursion_over_steps():
    """From the generator's weights after each step, one by one; it starts as a copy of them."""
    runs = Ensemble(gan(latent=2, width=8, rate=0.01, average=0.5), POINTS, (0, 1), steps=12, batch=8)
    state = runs.initial()
    expected = state.players["average"].clone()
    assert torch.equal(expected, state.players["generator"])
    for t in range(12):
        runs.advance(state, t + 1)
        decay = min(0.5, (1 + t) / (10 + t))
        expected = decay * expected + (1 - decay) * state.players["generator"]
        torch.testing.assert_close(state.players["average"], expected)
    assert state.buffers["average.steps"].tolist() == [12, 12]
    assert not torch.equal(expected, state.players["generator"])


def test_samples_and_probes_are_of_the_average():
    model = gan(latent=2, width=8, rate=0.01, average=0.9)
    runs = Ensemble(model, POINTS, (0,), steps=9, batch=8)
    state = runs.initial()
    runs.advance(state, 9)
    net = runs.nets(state, 0)["average"]
    drawn = model.sampler(POINTS).start.of({"average": net}, {"z": torch.ones(1, 2)}, torch.zeros(1, 0))
    torch.testing.assert_close(drawn, net(torch.ones(1, 2)))
    before = draw(runs, state, 10, "bank")
    state.players["generator"].zero_()
    assert torch.equal(draw(runs, state, 10, "bank"), before)


def test_averaging_does_not_touch_the_game():
    ends = []
    for average in (0.0, 0.99):
        runs = Ensemble(gan(latent=2, width=8, average=average), POINTS, (0,), steps=6, batch=8)
        state = runs.initial()
        runs.advance(state, 6)
        ends.append(state.players)
    for player in ("generator", "critic"):
        assert torch.equal(ends[0][player], ends[1][player])


@pytest.mark.parametrize("architecture", ["mlp", "conv", "pacgan"])
def test_no_generator_has_buffers_that_an_average_would_miss(architecture):
    assert not list(gan(architecture=architecture).nets(IMAGES)["generator"].buffers())


@pytest.mark.parametrize("player", ["critic", "generator"])
def test_steps_shrink_along_half_a_cosine(player):
    """By plain gradient descent on a loss whose slope is 1, in either player."""
    steps, final = 10, 0.2
    model = replace(gan(final_rate=final), critic_optimizer=sgd(1.0), generator_optimizer=sgd(1.0))
    update = next(u for u in model.phases(POINTS)[0].updates if player in u.optimizers)
    optimizer = update.optimizers[player]
    state = optimizer.init(torch.zeros(3))
    for t in range(steps):
        change, state = optimizer.update(torch.ones(3), state, torch.zeros(3), t / steps)
        factor = final + (1 - final) * (1 + math.cos(math.pi * t / steps)) / 2
        torch.testing.assert_close(change, torch.full((3,), -factor))
    assert optimizer.rate == 1


def test_r1_is_half_gamma_times_the_squared_slope_at_data_alone():
    direction = torch.tensor([0.6, 0.8]) * 3
    nets = {"generator": lambda z: 100 * z, "critic": lambda x: x @ direction}
    batch = Batch(torch.randn(7, 2), torch.zeros(7, 0), {"z": torch.randn(7, 2)})
    plain, penalised = (gan(latent=2, r1=r1).critic_objective(nets, batch) for r1 in (0.0, 0.5))
    torch.testing.assert_close(penalised.value - plain.value, torch.tensor(0.5 / 2 * 9))
    torch.testing.assert_close(penalised.stats["critic/penalty"], torch.tensor(9.0))


def test_r1_makes_the_dirac_game_converge():
    """Real data at 0, a generator that is a point θ, a critic ψx: they circle without R1 and end with it.

    Mescheder et al. 2018, section 2: near equilibrium (θ, ψ)′ = A(θ, ψ) with eigenvalues ±i/2 without R1,
    and (−γ ± √(γ² − 1)) / 2 with it.
    """
    without, with_it = (_dirac_game(gan(latent=1, r1=r1)) for r1 in (0.0, 1.0))
    assert without > 0.1
    assert with_it < 1e-6


def _dirac_game(model, steps=2000, rate=0.05):
    """Distance from the equilibrium after descending both losses by turns, from θ = 1 and ψ = 0."""
    theta, psi = torch.ones((), requires_grad=True), torch.zeros((), requires_grad=True)
    nets = {"generator": lambda z: theta.expand(1, 1), "critic": lambda x: (psi * x)[:, 0]}
    batch = Batch(torch.zeros(1, 1), torch.zeros(1, 0), {"z": torch.zeros(1, 1)})
    for _ in range(steps):
        for moved in (psi, theta):
            if moved is psi:
                loss = model.critic_objective(nets, batch)
            else:
                loss = model.generator_objective(nets, batch, lambda: None)
            (slope,) = torch.autograd.grad(loss.value, moved)
            moved.data -= rate * slope
    return math.hypot(theta.item(), psi.item())


def test_constrained_convolutional_critics_have_no_batch_norm():
    for options in ({"r1": 0.1}, {"spectral_norm": True}):
        nets = gan(architecture="conv", width=4, **options).nets(IMAGES)
        kinds = {name: {type(part) for part in net.modules()} for name, net in nets.items()}
        assert torch.nn.BatchNorm2d in kinds["generator"]
        assert torch.nn.BatchNorm2d not in kinds["critic"]
        assert "critic_norm=false" in dcgan(**options).refuses(IMAGES)
        assert dcgan(critic_norm=False, **options).refuses(IMAGES) is None
    assert "batch" in gan(r1=0.1, minibatch_kernels=2).refuses(POINTS)


def test_hinge_differs_from_gan_in_its_losses_alone():
    ours = replace(hinge_gan(), critic_loss=games.logistic_critic, generator_loss=games.non_saturating)
    plain = gan()
    same = replace(ours, critic_optimizer=None, generator_optimizer=None)
    assert same == replace(plain, critic_optimizer=None, generator_optimizer=None)
    assert models["hinge-gan"].resolve({})["rate"] == models["gan"].resolve({})["rate"]
    assert (hinge_gan().critic_loss, hinge_gan().generator_loss) == (games.hinge_critic, games.negative_mean)


def test_updates_are_measured_against_the_step_size_of_the_moment():
    """A step that a schedule made small is no vanishing gradient: Adam's ratio stays of the order of 1."""
    ratios = {}
    for final in (1.0, 1e-3):
        runs = Ensemble(gan(latent=2, width=8, final_rate=final), POINTS, (0, 1), steps=100, batch=8)
        state = runs.initial()
        runs.advance(state, 90)
        signals = runs.advance(state, 100).read()
        ratios[final] = signals["generator/update_ratio"]
        if final < 1:
            wanted = (
                sum(final + (1 - final) * (1 + math.cos(math.pi * t / 100)) / 2 for t in range(90, 100)) / 10
            )
            assert signals["generator/rate_factor"] == pytest.approx([wanted] * 2, rel=1e-5)
            assert wanted < 0.02
        else:
            assert "generator/rate_factor" not in signals
    assert all(0.3 < b / a < 3 for a, b in zip(*ratios.values(), strict=True))
