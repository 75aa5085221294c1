"""The bound of deep belief nets against sums over all states."""

import itertools

import pytest
import torch

from genbench.ops.belief import deep_log_weights, gibbs_sweep
from genbench.ops.partition import RbmParameters, log_partition
from genbench.ops.rbm import free_energy, hidden_logits
from genbench.ops.variational import bernoulli_log_likelihood


def machine(v: int, h: int, seed: int, gaussian: bool = False) -> RbmParameters:
    source = torch.Generator().manual_seed(seed)
    parameters = [torch.randn(*shape, generator=source).double() for shape in ((v, h), (v,), (h,))]
    return RbmParameters(*parameters, torch.full((v,), -0.3).double() if gaussian else None)


def binary(units: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)), dtype=torch.float64)


def uniforms(n: int, *sizes: int) -> list[torch.Tensor]:
    source = torch.Generator().manual_seed(7)
    return [torch.rand(n, size, generator=source, dtype=torch.float64) for size in sizes]


def test_a_single_machine_has_nothing_to_draw():
    rbm, x = machine(5, 3, 0), binary(5)
    torch.testing.assert_close(deep_log_weights([rbm], x, []), -free_energy(x, *rbm))


def exact(bottom: RbmParameters, top: RbmParameters, x: torch.Tensor) -> torch.Tensor:
    """log p(x) = log Σ_h p(x | h) p_top(h)."""
    states = binary(bottom.weight.shape[1])
    prior = -free_energy(states, *top) - log_partition(top).value
    field = bottom.visible_bias + states @ bottom.weight.t()
    fits = torch.stack([bernoulli_log_likelihood(row.expand_as(field), field) for row in x])
    return torch.logsumexp(fits + prior, 1)


def weak(strong: RbmParameters) -> RbmParameters:
    return RbmParameters(*(0.3 * parameter for parameter in strong[:3]))


def test_the_bound_lies_below_the_exact_log_likelihood_and_its_weights_average_to_it():
    bottom, top, x = weak(machine(6, 5, 1)), weak(machine(5, 4, 2)), binary(6)
    repeated = x.repeat(4000, 1)
    log_w = deep_log_weights([bottom, top], repeated, uniforms(len(repeated), 5)).view(4000, -1)
    log_w -= log_partition(top).value
    truth = exact(bottom, top, x)
    assert (log_w.mean(0) < truth).all()
    importance = torch.logsumexp(log_w, 0) - torch.tensor(4000.0).log()
    torch.testing.assert_close(importance, truth, atol=0.05, rtol=0)


def test_the_bound_is_tight_where_the_machine_above_agrees_with_the_one_below():
    """A top machine that is the bottom one turned over gives the bottom machine's own distribution."""
    bottom = machine(6, 4, 3)
    top = RbmParameters(bottom.weight.t(), bottom.hidden_bias, bottom.visible_bias)
    x = binary(6)
    log_w = deep_log_weights([bottom, top], x, uniforms(len(x), 4))
    torch.testing.assert_close(log_w, -free_energy(x, *bottom))


def test_three_layers_with_real_data_are_the_sum_of_their_terms():
    layers = [machine(3, 4, 4, gaussian=True), machine(4, 5, 5), machine(5, 2, 6)]
    x = torch.randn(50, 3, generator=torch.Generator().manual_seed(1)).double()
    u1, u2 = uniforms(50, 4, 5)
    q1 = hidden_logits(x, layers[0].weight, layers[0].hidden_bias, layers[0].log_variance)
    h1 = (u1 < q1.sigmoid()).double()
    q2 = hidden_logits(h1, layers[1].weight, layers[1].hidden_bias, None)
    h2 = (u2 < q2.sigmoid()).double()
    noise = torch.distributions.Normal(
        layers[0].visible_bias + h1 @ layers[0].weight.t(), (layers[0].log_variance / 2).exp()
    )
    back = torch.distributions.Bernoulli(logits=layers[1].visible_bias + h2 @ layers[1].weight.t())
    up = [torch.distributions.Bernoulli(logits=q).log_prob(h).sum(1) for q, h in ((q1, h1), (q2, h2))]
    expected = noise.log_prob(x).sum(1) + back.log_prob(h1).sum(1) - sum(up) - free_energy(h2, *layers[2])
    torch.testing.assert_close(deep_log_weights(layers, x, [u1, u2]), expected)


def test_gibbs_sweeps_leave_the_machine_alone():
    rbm = machine(4, 3, 8)
    states = binary(4)
    p = torch.softmax(-free_energy(states, *rbm), 0)
    source = torch.Generator().manual_seed(0)
    start = states[torch.multinomial(p, 40_000, replacement=True, generator=source)]
    after = gibbs_sweep(rbm, start, source)
    number = (after @ torch.tensor([8.0, 4.0, 2.0, 1.0]).double()).long()
    found = torch.bincount(number, minlength=16) / 40_000
    assert (found - p).abs().max() < 4 * float((p * (1 - p) / 40_000).sqrt().max())
    assert found.numpy() == pytest.approx(p.numpy(), abs=0.01)
