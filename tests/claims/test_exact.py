"""What the experiments compute is right where the answer is known."""

import numpy as np
import pytest
import torch

from genbench.claims.experiments.adversarial_theory import t06_no_convergence
from genbench.claims.experiments.autoencoders import t14_printed_code
from genbench.claims.experiments.boltzmann import (
    b01_greedy_layers,
    b02_contrastive_divergence,
    b03_deep_boltzmann,
    b04_sampling_cost,
)
from genbench.claims.experiments.densities import t08_affine_generator
from genbench.nn.coupling import Couplings
from genbench.ops.linear_gaussian import LinearVae, Posterior
from genbench.ops.partition import RbmParameters


def test_a_first_layer_turned_upside_down_gives_its_own_likelihood():
    source = torch.Generator().manual_seed(0)
    w, b, c = (torch.randn(*shape, generator=source).double() for shape in ((9, 6), (9,), (6,)))
    x = (torch.rand(20, 9, generator=source) < 0.5).double()
    below, above = RbmParameters(w, b, c), RbmParameters(w.T, c, b)
    alone = b01_greedy_layers._log_likelihood([below], x, 0)
    assert b01_greedy_layers._log_likelihood([below, above], x, 0) == pytest.approx(alone, abs=1e-9)


def test_the_chain_leaves_the_machines_own_distribution_alone():
    machine, data = b02_contrastive_divergence._start(0)
    own = np.exp(machine.log_probabilities())
    assert machine.chained(own, 3) == pytest.approx(own, abs=1e-12)
    assert np.abs(machine.chained(data, 200) - own).max() < 1e-3


def test_the_exact_gradient_is_the_derivative_of_the_log_likelihood():
    machine, data = b02_contrastive_divergence._start(1)
    slope = machine.gradient(data, np.exp(machine.log_probabilities()))[0]
    h = 1e-5
    moved = [machine.weight + sign * h * (np.arange(48).reshape(8, 6) == 10) for sign in (1, -1)]
    ends = [
        data @ b02_contrastive_divergence.Exact(w, machine.visible, machine.hidden).log_probabilities()
        for w in moved
    ]
    assert slope.ravel()[10] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-8)


def test_a_mean_field_that_is_not_settled_is_still_a_bound():
    found = b03_deep_boltzmann._case(0, 3)
    assert found["excess"] <= 1e-9
    assert found["gap"] > 1e-4
    assert found["cut"] <= 1e-9


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_autocorrelation_time_of_a_known_process(rho):
    rng = np.random.default_rng(0)
    x = np.zeros((4000, 32))
    for step in range(1, len(x)):
        x[step] = rho * x[step - 1] + rng.standard_normal(32)
    assert b04_sampling_cost.autocorrelation_time(x[100:]) == pytest.approx((1 + rho) / (1 - rho), rel=0.1)


def test_simultaneous_steps_spiral_out_as_the_eigenvalues_say():
    theta = psi = np.array([1e-3])
    gan = t06_no_convergence.walk("GAN", "simultaneous", theta, psi, 100)[:, 0]
    assert (gan[-1] / gan[0]) ** (1 / 100) == pytest.approx(1.00499, abs=1e-5)
    bilinear = t06_no_convergence.walk("bilinear", "simultaneous", theta, psi, 100)[:, 0]
    assert (bilinear[-1] / bilinear[0]) ** (1 / 100) == pytest.approx(np.sqrt(1.04), abs=1e-9)


def test_an_affine_generator_is_fitted_to_moments():
    covariance = torch.tensor([[[2.0, 0.5], [0.5, 1.0]]], dtype=torch.float64)
    mean = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    weight, bias = t08_affine_generator.fit(mean, covariance, torch.eye(2, dtype=torch.float64)[None], 1500)
    assert torch.allclose(weight @ weight.mT, covariance, atol=1e-4)
    assert torch.allclose(bias, mean, atol=1e-4)


def test_couplings_are_inverted_exactly():
    torch.manual_seed(0)
    flow = Couplings().double()
    x = torch.randn(50, 2, dtype=torch.float64)
    assert torch.allclose(flow.inverse(flow(x)[0]), x, atol=1e-10)


def test_the_true_posterior_has_no_gap():
    model = LinearVae(torch.tensor([[1.5], [0.0]]).double(), torch.zeros(2).double(), 0.5)
    x = torch.tensor([0.3, -1.0]).double()
    mean, covariance = model.posterior(x)
    q = Posterior(mean, covariance.diagonal().log())
    assert float(model.elbo(x, q)) == pytest.approx(float(model.log_density(x)), abs=1e-12)
    assert float(model.divergence(x, q)) == pytest.approx(0, abs=1e-12)


def test_printed_weights_of_the_divergence():
    assert t14_printed_code.printed_weight(5e-4) == pytest.approx(0.392)
    assert t14_printed_code.printed_weight(0.5) == pytest.approx(392)
