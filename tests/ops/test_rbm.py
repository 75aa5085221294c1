"""Energies of small machines against sums over all states."""

import itertools

import pytest
import torch
from torch.func import grad

from genbench.ops import rbm

V, H = 4, 3
GENERATOR = torch.Generator().manual_seed(3)
W, B, C, LOG_VARIANCE = (
    torch.randn(*s, generator=GENERATOR, dtype=torch.float64) for s in ((V, H), (V,), (H,), (V,))
)
STATES_V = torch.tensor(list(itertools.product([0.0, 1.0], repeat=V)), dtype=torch.float64)
STATES_H = torch.tensor(list(itertools.product([0.0, 1.0], repeat=H)), dtype=torch.float64)


def energy(v, h, log_variance):
    if log_variance is None:
        return -(v @ B) - (h @ C) - (v @ W @ h)
    variance = log_variance.exp()
    return ((v - B) ** 2 / (2 * variance)).sum() - h @ C - (v / variance) @ W @ h


@pytest.mark.parametrize("log_variance", [None, LOG_VARIANCE], ids=["binary", "gaussian"])
def test_free_energy_is_the_sum_over_hidden_states(log_variance):
    v = STATES_V[5:9] + (0 if log_variance is None else 0.3)
    expected = [-torch.logsumexp(torch.stack([-energy(x, h, log_variance) for h in STATES_H]), 0) for x in v]
    torch.testing.assert_close(rbm.free_energy(v, W, B, C, log_variance), torch.stack(expected))


@pytest.mark.parametrize("log_variance", [None, LOG_VARIANCE], ids=["binary", "gaussian"])
def test_hidden_conditional_is_the_ratio_of_sums(log_variance):
    v = STATES_V[6]
    weights = torch.softmax(torch.stack([-energy(v, h, log_variance) for h in STATES_H]), 0)
    expected = weights @ STATES_H
    torch.testing.assert_close(torch.sigmoid(rbm.hidden_logits(v[None], W, C, log_variance))[0], expected)


def test_visible_conditional_is_the_ratio_of_sums():
    h = STATES_H[5]
    weights = torch.softmax(torch.stack([-energy(v, h, None) for v in STATES_V]), 0)
    torch.testing.assert_close(rbm.visible_mean(h[None], W, B, None)[0], weights @ STATES_V)


def test_gaussian_visible_mean_minimises_the_energy():
    h = STATES_H[5]
    mean = rbm.visible_mean(h[None], W, B, LOG_VARIANCE)[0]
    slope = grad(lambda v: energy(v, h, LOG_VARIANCE))(mean)
    torch.testing.assert_close(slope, torch.zeros(V, dtype=torch.float64), atol=1e-12, rtol=0)


def test_gradient_of_free_energy_differences_is_that_of_the_likelihood():
    """With the chain at equilibrium, F(data) − F(chain) has the exact maximum-likelihood gradient."""
    data = STATES_V[[3, 9, 14]]

    def negative_log_likelihood(weight):
        log_z = torch.logsumexp(-rbm.free_energy(STATES_V, weight, B, C, None), 0)
        return rbm.free_energy(data, weight, B, C, None).mean() + log_z

    model = torch.softmax(-rbm.free_energy(STATES_V, W, B, C, None), 0)

    def contrast(weight):
        at_model = (model * rbm.free_energy(STATES_V, weight, B, C, None)).sum()
        return rbm.free_energy(data, weight, B, C, None).mean() - at_model

    torch.testing.assert_close(grad(contrast)(W), grad(negative_log_likelihood)(W))


def test_gradient_of_the_noise_is_that_of_the_energy_averaged_over_hidden_states():
    """Cho et al. 2011, eq. 9, at two visible batches: against autograd through the free energy."""
    start, end = torch.randn(2, 5, V, generator=GENERATOR, dtype=torch.float64)

    def contrast(log_variance):
        free = [rbm.free_energy(v, W, B, C, log_variance).mean() for v in (start, end)]
        return free[0] - free[1]

    hidden = [rbm.hidden_logits(v, W, C, LOG_VARIANCE).sigmoid() for v in (start, end)]
    slope, _, _ = rbm.cd_gradient(start, end, *hidden, LOG_VARIANCE)
    found = rbm.noise_gradient(start, end, W, B, slope, LOG_VARIANCE)
    torch.testing.assert_close(found, grad(contrast)(LOG_VARIANCE))


def test_variances_of_a_stack_of_seeds_are_each_seeds_own():
    v = torch.randn(3, 5, V, generator=GENERATOR, dtype=torch.float64)
    each = torch.stack([LOG_VARIANCE - 1, LOG_VARIANCE, LOG_VARIANCE + 1])
    stacked = [t.expand(3, *t.shape) for t in (W, B, C)]
    logits = rbm.hidden_logits(v, stacked[0], stacked[2], each)
    energies = rbm.mean_free_energy(v, logits, stacked[1], each)
    for seed, own in enumerate(each):
        torch.testing.assert_close(logits[seed], rbm.hidden_logits(v[seed], W, C, own))
        torch.testing.assert_close(energies[seed], rbm.free_energy(v[seed], W, B, C, own).mean())
