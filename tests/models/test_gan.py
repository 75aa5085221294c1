"""What tells the members of the adversarial family apart, and what they share."""

import pytest
import torch

from genbench.engine.ensemble import Ensemble
from genbench.models.gan import Gan
from genbench.models.model import Batch
from genbench.ops import adversarial as games
from genbench.registry import models
from genbench.testing import small_tasks

POINTS, IMAGES = small_tasks()
FAMILY = ["gan", "gan-saturating", "lsgan", "wgan", "wgan-gp", "dcgan"]


def test_members_differ_by_arguments_alone():
    for name in FAMILY:
        assert type(models[name].create()) is Gan
    gan, saturating, lsgan = (models[name].create() for name in ("gan", "gan-saturating", "lsgan"))
    assert saturating.generator_loss is games.saturating
    assert saturating.critic_loss is gan.critic_loss
    assert (lsgan.critic_loss, lsgan.generator_loss) == (
        games.least_squares_critic,
        games.least_squares_generator,
    )


def test_defaults_of_the_papers():
    wgan, penalised, dcgan = (models[name].resolve({}) for name in ("wgan", "wgan-gp", "dcgan"))
    assert (wgan["critic_steps"], wgan["rate"], wgan["clip"]) == (5, 5e-5, 0.01)
    assert (penalised["critic_steps"], penalised["rate"], penalised["penalty"]) == (5, 1e-4, 10.0)
    assert penalised["beta1"] == 0
    assert not models["wgan-gp"].create(architecture="conv").architecture.rules.critic_norm
    assert (dcgan["latent"], dcgan["prior"], dcgan["rate"], dcgan["beta1"]) == (100, "uniform", 2e-4, 0.5)


@pytest.mark.parametrize("name", [name for name in FAMILY if name != "dcgan"])
@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_every_loss_runs_on_both_architectures(name, architecture):
    model = models[name].create(architecture=architecture, width=4, depth=1, critic_steps=1)
    runs = Ensemble(model, IMAGES, (0,), steps=2, batch=8)
    state = runs.initial()
    runs.advance(state, 2)
    assert state.alive.all()
    assert sum(layout.numel for layout in runs.layouts.values()) > 0


def test_comparing_losses_holds_the_nets_fixed():
    shapes = {
        name: [
            {n: tuple(p.shape) for n, p in net.named_parameters()}
            for net in models[name].create(architecture="mlp").nets(IMAGES).values()
        ]
        for name in FAMILY
        if name != "dcgan"
    }
    assert all(own == shapes["gan"] for own in shapes.values())


def test_nets_see_images_between_minus_one_and_one():
    model = models["gan"].create(width=4)
    seen = []

    def critic(x):
        seen.append((x.min().item(), x.max().item()))
        return x.flatten(1).sum(1)

    nets = {"generator": lambda z: torch.tanh(z[:, :1, None, None].expand(-1, 1, 8, 8)), "critic": critic}
    objective = model.phases(IMAGES)[0].updates[0].objective
    objective(nets, Batch(torch.rand(16, 1, 8, 8), torch.zeros(16, 0), {"z": torch.randn(16, 64)}))
    assert all(-1 <= low < 0 < high <= 1 for low, high in seen)
    assert len(seen) == 2


def test_uniform_prior_covers_minus_one_to_one():
    model = models["gan"].create(prior="uniform", latent=3)
    start = model.sampler(POINTS).start
    assert (start.noise["z"].distribution, start.noise["z"].shape) == ("uniform", (3,))
    nets = {"generator": lambda z: z[:, :2]}
    z = torch.tensor([[0.0, 0.5, 1.0]])
    assert start.of(nets, {"z": z}, torch.zeros(1, 0)).tolist() == [[-1.0, 0.0]]


def test_a_fair_game_reports_chance():
    model = models["gan"].create()
    nets = {"generator": lambda z: z[:, :2], "critic": lambda x: torch.zeros(len(x))}
    batch = Batch(torch.randn(10, 2), torch.zeros(10, 0), {"z": torch.randn(10, 64)})
    loss = model.critic_objective(nets, batch)
    assert loss.value.item() == pytest.approx(2 * torch.tensor(2.0).log().item())
    assert loss.stats["critic/accuracy_real"].item() == 0
    assert loss.stats["critic/accuracy_fake"].item() == 1
