"""Terms of the ELBO against torch.distributions."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from genbench.ops import variational

MEAN, LOG_VARIANCE = torch.randn(2, 9, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
SIGMA = (LOG_VARIANCE / 2).exp()


def test_kl_is_the_closed_form():
    exact = kl_divergence(Normal(MEAN, SIGMA), Normal(torch.zeros(()), torch.ones(())))
    torch.testing.assert_close(variational.gaussian_kl(MEAN, LOG_VARIANCE), exact)


def test_densities():
    x = torch.randn(9, 4, dtype=torch.float64)
    exact = Normal(MEAN, SIGMA).log_prob(x).sum(1)
    torch.testing.assert_close(variational.gaussian_log_density(x, MEAN, LOG_VARIANCE), exact)
    binary = (x > 0).double()
    exact = Bernoulli(logits=MEAN).log_prob(binary).sum(1)
    torch.testing.assert_close(variational.bernoulli_log_likelihood(binary, MEAN), exact)


def test_images_are_summed_over_all_but_the_batch():
    x, logits = torch.rand(3, 1, 4, 4), torch.zeros(3, 1, 4, 4)
    expected = torch.full((3,), -16 * torch.log(torch.tensor(2.0)).item())
    torch.testing.assert_close(variational.bernoulli_log_likelihood(x, logits), expected)


def test_noise_is_scaled_by_the_standard_deviation():
    noise = torch.randn(100_000, 1, generator=torch.Generator().manual_seed(2))
    z = variational.reparameterise(torch.full_like(noise, 3.0), torch.full_like(noise, 1.4), noise)
    assert z.mean().item() == pytest.approx(3.0, abs=0.02)
    assert z.var().log().item() == pytest.approx(1.4, abs=0.02)
