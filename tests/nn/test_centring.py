"""The centred gradient of a restricted Boltzmann machine, against its definition."""

import pytest
import torch

from genbench.nn.rbm import Rbm
from genbench.ops import rbm

V, H = 5, 3


def make(gaussian: bool) -> tuple[Rbm, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    machine = Rbm(H, torch.rand(V), torch.rand(V) + 0.5 if gaussian else None).double()
    data = torch.randn(20, V).double() if gaussian else torch.randint(2, (20, V)).double()
    return machine, data, torch.rand(H).double()


def step_in_centred_coordinates(machine: Rbm, data: torch.Tensor, offset: torch.Tensor, rate: float):
    """Descend F in (W, b + W λ, c + Wᵀ μ), then turn the result back into plain parameters."""
    weight = machine.weight.detach().requires_grad_()
    b = (machine.visible_bias + machine.weight @ offset).detach().requires_grad_()
    c = (machine.hidden_bias + machine.centre @ machine.weight).detach().requires_grad_()
    plain = (weight, b - weight @ offset, c - machine.centre @ weight)
    energy = rbm.free_energy(data, *plain, machine.log_variance).mean()
    slopes = torch.autograd.grad(energy, (weight, b, c))
    weight, b, c = (p.detach() - rate * g for p, g in zip((weight, b, c), slopes, strict=True))
    return weight, b - weight @ offset, c - machine.centre @ weight


@pytest.mark.parametrize("gaussian", [False, True])
def test_a_step_is_a_step_of_the_centred_machine(gaussian: bool):
    machine, data, offset = make(gaussian)
    energy = machine.centred_free_energy(data, offset)
    torch.testing.assert_close(energy, machine.free_energy(data))
    slopes = torch.autograd.grad(energy.mean(), list(machine.parameters()))
    rate = 1e-6
    expected = step_in_centred_coordinates(machine, data, offset, rate)
    for parameter, slope, target in zip(machine.parameters(), slopes, expected, strict=True):
        moved = target - parameter.detach()
        torch.testing.assert_close(-rate * slope, moved, rtol=1e-4, atol=1e-11)


def test_training_sees_no_difference_between_bits_and_flipped_bits():
    """The centred gradient of a machine on flipped data is the flipped gradient; the plain one is not."""
    machine, data, offset = make(gaussian=False)
    torch.manual_seed(1)
    flipped = Rbm(H, 1 - machine.centre).double()
    with torch.no_grad():
        flipped.weight.copy_(-machine.weight)
        flipped.visible_bias.copy_(-machine.visible_bias)
        flipped.hidden_bias.copy_(machine.hidden_bias + machine.weight.sum(0))
    chain = data.roll(1, 1)

    def weight_slope(net: Rbm, x: torch.Tensor, y: torch.Tensor, centred: bool) -> torch.Tensor:
        energy = (lambda v: net.centred_free_energy(v, offset)) if centred else net.free_energy
        (slope,) = torch.autograd.grad((energy(x) - energy(y)).mean(), [net.weight])
        return slope

    for centred in (True, False):
        plain = weight_slope(machine, data, chain, centred)
        turned = -weight_slope(flipped, 1 - data, 1 - chain, centred)
        assert torch.allclose(plain, turned, atol=1e-9) is centred


def test_wide_weights_are_spread_as_in_the_reference_code():
    torch.manual_seed(0)
    mean = torch.zeros(784)
    narrow, wide = Rbm(16, mean), Rbm(16, mean, wide=True)
    limit = 4 * (6 / 800) ** 0.5
    assert 0.99 * limit < float(wide.weight.detach().abs().max()) <= limit
    assert float(narrow.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert float(wide.visible_bias[0].detach().sigmoid()) == pytest.approx(0.001, rel=1e-3)


@pytest.mark.parametrize("spread", [None, torch.rand(V) + 0.5], ids=["binary", "gaussian"])
def test_a_centred_machine_starts_undecided_at_the_mean_and_there_from_half_its_hidden_units(spread):
    torch.manual_seed(0)
    mean = 0.2 + 0.6 * torch.rand(V)
    machine = Rbm(H, mean, spread, wide=True, centred=True)
    torch.testing.assert_close(machine.hidden(mean[None]), torch.full((1, H), 0.5))
    torch.testing.assert_close(machine.visible(torch.full((1, H), 0.5)), mean[None])
