"""Walks through the latent space: where they begin, how they go on, and who has none."""

from typing import Any

import pytest
import torch

from genbench.engine.ensemble import Ensemble
from genbench.engine.latent_walks import WALKS, walk
from genbench.engine.sampling import CHUNK
from genbench.models.gan import Gan
from genbench.models.model import Draw, Sampler
from genbench.registry import models
from genbench.tasks import Task, digits, ring8


def ensemble(model: str, task: Task, seeds: tuple[int, ...] = (0, 1), **options: Any) -> Ensemble:
    return Ensemble(models[model].create(**options), task, seeds, steps=4, batch=8, backend="loop")


def test_a_walk_is_smooth_ends_apart_and_belongs_to_its_seed() -> None:
    both = ensemble("gan", ring8(samples=64), width=8, latent=2)
    paths = walk(both, both.initial())
    assert paths is not None
    assert paths.shape == (2, *WALKS["points"], 2)
    strides = paths.diff(dim=2).norm(dim=-1)
    assert (strides.amax(dim=2) < 0.2 * strides.sum(dim=2)).all()  # no jump
    ends = (paths[:, :, 0] - paths[:, :, -1]).norm(dim=-1)
    assert ends.min() > 0
    alone = ensemble("gan", ring8(samples=64), (1,), width=8, latent=2)
    own = walk(alone, alone.initial())
    assert own is not None
    torch.testing.assert_close(own[0], paths[1])


class Echo(Gan):
    """A model whose samples are its noise, and which remembers how many it was asked for at once."""

    asked = 0

    def sampler(self, task: Task) -> Sampler:
        return Sampler(Draw(self.latent_noise(), self.echo))

    def echo(self, nets: Any, noise: Any, c: Any) -> torch.Tensor:
        type(self).asked = len(noise["z"])
        return noise["z"]


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_noise_stays_as_likely_as_where_it_began(prior: Any) -> None:
    base = models["gan"].create(width=8, latent=64, prior=prior)
    model = Echo(**vars(base))
    echo = Ensemble(model, ring8(samples=64), (0,), steps=4, batch=8, backend="loop")
    paths = walk(echo, echo.initial())
    assert paths is not None
    assert Echo.asked == CHUNK
    start, end = paths[..., :1, :], paths[..., -1:, :]
    if prior == "uniform":
        assert paths.min() >= 0
        assert paths.max() <= 1
        torch.testing.assert_close(paths[..., [0, -1], :].mean(2), paths.mean(2))
    else:
        lengths = paths.norm(dim=-1)
        shorter = torch.minimum(start.norm(dim=-1), end.norm(dim=-1))
        assert (lengths > 0.99 * shorter).all()  # half-way on a line it would be 0.7 of it


def test_images_have_walks_and_markov_chains_have_none() -> None:
    vae = ensemble("vae", digits(), width=8, latent=2)
    paths = walk(vae, vae.initial())
    assert paths is not None
    assert paths.shape == (2, *WALKS["images"], 1, 8, 8)
    rbm = ensemble("rbm", digits(), hidden=8)
    assert walk(rbm, rbm.initial()) is None
