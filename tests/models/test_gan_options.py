"""Options of the adversarial family that the contract does not reach."""

import pytest
import torch

from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import draw
from genbench.models.gans import dcgan, gan, lsgan
from genbench.models.model import Batch
from genbench.nn.minibatch import MinibatchDiscrimination
from genbench.ops import adversarial as games
from genbench.testing import small_tasks

POINTS, IMAGES = small_tasks()
VARIANTS = {
    "smoothing": gan(latent=2, width=8, smoothing=0.1),
    "flips": gan(latent=2, width=8, label_flips=0.2),
    "minibatch": gan(latent=2, width=8, minibatch_kernels=3),
    "freeze": gan(latent=2, width=8, freeze_above=0.6),
    "critic width": gan(latent=2, width=8, critic_width=16),
    "sigmoid": gan(latent=2, width=8, output="sigmoid"),
    "nearest": dcgan(latent=2, width=4, upsampling="nearest"),
    "kernel": dcgan(latent=2, width=4, kernel=3),
    "maximum": dcgan(latent=2, width=4, pooling="maximum", critic_activation="relu"),
    "mean": dcgan(latent=2, width=4, pooling="mean"),
    "dense": dcgan(latent=2, width=4, hidden_dense=8),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_both_backends_agree_and_images_lie_in_range(name):
    ends = []
    for backend in ("batched", "loop"):
        runs = Ensemble(VARIANTS[name], IMAGES, (0, 1), steps=4, batch=8, backend=backend)
        state = runs.initial()
        runs.advance(state, 4)
        assert state.alive.all()
        ends.append(state.players)
    for player, parameters in ends[0].items():
        torch.testing.assert_close(parameters, ends[1][player], rtol=1e-3, atol=1e-4)
    images = draw(runs, state, 10, "bank")
    assert 0 <= images.min() < images.max() <= 1


def test_soft_labels_are_cross_entropy_with_soft_targets():
    torch.manual_seed(0)
    real, fake = torch.randn(2, 50)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    wanted = bce(real, torch.full((50,), 0.9)) + bce(fake, torch.full((50,), 0.1))
    torch.testing.assert_close(games.smoothed_critic(0.9, 0.1, real, fake), wanted)
    torch.testing.assert_close(games.smoothed_critic(1, 0, real, fake), games.logistic_critic(real, fake))
    assert gan(smoothing=0.1).critic_loss.args == (0.9, 0.0)
    assert gan(smoothing=0.1, smoothed_sides=2).critic_loss.args == (0.9, 0.1)


def test_flips_swap_the_labels_of_pairs():
    model = lsgan(latent=2, label_flips=0.5)
    nets = {"generator": lambda z: z, "critic": lambda x: x[:, 0]}
    x, z = torch.randn(4, 2), torch.randn(4, 2)
    noise = {"z": z, "flip": torch.tensor([0.0, 0.9, 0.4, 0.6])}
    loss = model.critic_objective(nets, Batch(x, x.new_zeros(4, 0), noise))
    real, fake = torch.stack([z[0], x[1], z[2], x[3]]), torch.stack([x[0], z[1], x[2], z[3]])
    torch.testing.assert_close(loss.value, games.least_squares_critic(real[:, 0], fake[:, 0]))
    assert loss.stats["critic/score_real"] == x[:, 0].mean(), "signals are of the true labels"


@pytest.mark.parametrize(("score", "critic", "generator"), [(5.0, False, True), (-5.0, True, False)])
def test_who_is_too_far_ahead_stands_still(score, critic, generator):
    model = gan(latent=2, freeze_above=0.8)
    gain = torch.ones((), requires_grad=True)
    nets = {"generator": lambda z: gain * z, "critic": lambda x: gain * x[:, 0]}
    x, noise = torch.full((6, 2), score), {"z": torch.full((6, 2), -score)}
    batch = Batch(x, x.new_zeros(6, 0), noise)
    losses = [update.objective(nets, batch) for update in model.phases(POINTS)[0].updates]
    moved = [torch.autograd.grad(loss.value, gain, allow_unused=True)[0] for loss in losses]
    assert [bool(slope != 0) for slope in moved] == [critic, generator]


def test_minibatch_features_are_large_where_a_batch_is_all_alike():
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(3, kernels=2)
    x = torch.randn(8, 3)
    alike, diverse = layer(x[:1].expand(8, 3)), layer(10 * x)
    assert torch.equal(alike[:, 3:], torch.ones(8, 2))
    assert diverse[:, 3:].mean() < 0.5
    assert torch.equal(diverse[:, :3], 10 * x)
    for architecture in ("conv", "pacgan"):
        assert "dense" in gan(architecture=architecture, minibatch_kernels=2).refuses(IMAGES)


def test_nets_see_the_range_of_the_output():
    seen = []
    nets = {
        "generator": lambda z: torch.sigmoid(z),
        "critic": lambda x: seen.append(x) or x.flatten(1).sum(1),
    }
    model = gan(latent=64, output="sigmoid")
    batch = Batch(IMAGES.train[:8], torch.zeros(8, 0), {"z": torch.randn(8, 64)})
    model.phases(IMAGES)[0].updates[0].objective(nets, batch)
    assert torch.equal(seen[0], IMAGES.train[:8])
