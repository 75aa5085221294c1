"""The bound that a VAE descends, and what it samples."""

import pytest
import torch

from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import draw
from genbench.models.model import Batch
from genbench.models.vae import Vae
from genbench.ops.variational import gaussian_kl
from genbench.registry import tasks
from genbench.testing import small_tasks

POINTS, IMAGES = small_tasks()


def test_loss_is_reconstruction_plus_kl():
    model = Vae(latent=3, width=8)
    runs = Ensemble(model, IMAGES, (0,), steps=1, batch=4)
    nets = runs.nets(runs.initial(), 0)
    x = IMAGES.train[:4]
    batch = Batch(x, torch.zeros(4, 0), {"posterior": torch.zeros(4, 3)})
    loss = model.phases(IMAGES)[0].updates[0].objective(nets, batch)
    mean, log_variance = nets["vae"].encode(x)
    kl = gaussian_kl(mean, log_variance).sum(1).mean()
    torch.testing.assert_close(loss.stats["vae/kl"], kl)
    torch.testing.assert_close(loss.value, loss.stats["vae/reconstruction_error"] + kl)


@pytest.mark.parametrize("beta", [0.0, 4.0])
def test_beta_weighs_the_kl(beta):
    model = Vae(latent=3, width=8, beta=beta)
    runs = Ensemble(model, IMAGES, (0,), steps=1, batch=4)
    nets = runs.nets(runs.initial(), 0)
    batch = Batch(IMAGES.train[:4], torch.zeros(4, 0), {"posterior": torch.zeros(4, 3)})
    loss = model.phases(IMAGES)[0].updates[0].objective(nets, batch)
    expected = loss.stats["vae/reconstruction_error"] + beta * loss.stats["vae/kl"]
    torch.testing.assert_close(loss.value, expected)


def test_decoders():
    assert "Bernoulli" in (Vae(decoder="bernoulli").refuses(POINTS) or "")
    for decoder in ("bernoulli", "gaussian"):
        model = Vae(latent=2, width=8, decoder=decoder)
        runs = Ensemble(model, IMAGES, (0,), steps=3, batch=8)
        state = runs.initial()
        runs.advance(state, 3)
        assert draw(runs, state, 5, "bank").shape == (1, 5, 1, 8, 8)


def test_a_gaussian_is_learnt():
    """One Gaussian is within reach of a linear latent: the moments of the samples are those of the data."""
    task = tasks["gaussian"].create(samples=20_000)
    runs = Ensemble(Vae(latent=2, width=32, rate=3e-3), task, (0, 1), steps=1500, batch=256)
    state = runs.initial()
    runs.advance(state, 1500)
    for samples in draw(runs, state, 4000, "bank"):
        torch.testing.assert_close(samples.mean(0), task.truth.centers[0], atol=0.25, rtol=0)
        torch.testing.assert_close(torch.cov(samples.T), torch.cov(task.train.T), atol=0.6, rtol=0)
