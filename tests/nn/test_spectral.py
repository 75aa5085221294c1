"""Spectral normalisation against singular values, and through training."""

import pytest
import torch
from torch import nn
from torch.linalg import svdvals

from genbench.engine.ensemble import Ensemble
from genbench.models.gans import hinge_gan
from genbench.nn.spectral import SpectralNorm, spectrally_normalised
from genbench.testing import small_tasks

POINTS, IMAGES = small_tasks()


@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (1, 6), (6, 3, 4, 4)], ids=str)
def test_iterations_lead_to_a_largest_singular_value_of_one(shape):
    torch.manual_seed(0)
    weight = 3 * torch.randn(shape, dtype=torch.float64)
    norm = SpectralNorm(weight.float()).double()
    for _ in range(200):
        scaled = norm(weight)
    assert svdvals(scaled.flatten(1))[0].item() == pytest.approx(1, abs=1e-9)
    torch.testing.assert_close(norm(100 * weight), scaled)


def test_gradient_holds_the_singular_vectors_fixed():
    """∇(a·W/σ) = (a − (a·W/σ) u vᵀ) / σ for a fixed a, at the exact u and v (Miyato et al., eq. 12)."""
    torch.manual_seed(0)
    weight, a = torch.randn(2, 4, 6, dtype=torch.float64)
    u, sigma, vh = torch.linalg.svd(weight)
    norm = SpectralNorm(weight.float()).double().eval()
    norm.u = u[:, 0]
    weight.requires_grad_()
    value = (a * norm(weight)).sum()
    (slope,) = torch.autograd.grad(value, weight)
    expected = (a - value.detach() * torch.outer(u[:, 0], vh[0])) / sigma[0]
    torch.testing.assert_close(slope, expected)


def test_evaluation_keeps_nothing_and_training_iterates():
    torch.manual_seed(0)
    net = spectrally_normalised(nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 1)))
    net[0].parametrizations.weight.original.data.add_(torch.randn(5, 6))
    state = {name: buffer.clone() for name, buffer in net.named_buffers()}
    net.eval()(torch.randn(3, 6))
    assert all(torch.equal(buffer, state[name]) for name, buffer in net.named_buffers())
    net.train()(torch.randn(3, 6))
    moved = [name for name, buffer in net.named_buffers() if not torch.equal(buffer, state[name])]
    assert moved == ["0.parametrizations.weight.0.u"], "one output has nothing to iterate"


@pytest.mark.parametrize("architecture", ["mlp", "conv", "pacgan"])
@pytest.mark.parametrize("backend", ["batched", "loop"])
def test_layers_of_a_trained_critic_have_norm_one_in_every_seed(architecture, backend):
    model = hinge_gan(architecture=architecture, width=8, spectral_norm=True)
    runs = Ensemble(model, IMAGES, (0, 1), steps=60, batch=16, backend=backend)
    state = runs.initial()
    runs.advance(state, 60)
    for row in range(2):
        critic = runs.nets(state, row)["critic"]
        layers = [path for path in runs.layouts["critic"].shapes if path.endswith("original")]
        assert len(layers) >= 2
        for path in layers:
            part = path.partition(".parametrizations")[0]
            layer = critic
            for step in part.split("."):
                layer = layer[int(step)] if step.isdigit() else getattr(layer, step)
            assert svdvals(layer.weight.detach().flatten(1))[0].item() == pytest.approx(1, abs=0.03)


def test_a_normalised_dense_critic_has_slope_one_at_most():
    torch.manual_seed(0)
    critic = hinge_gan(width=16, spectral_norm=True).nets(POINTS)["critic"]
    for _ in range(100):
        critic(torch.zeros(1, 2))
    assert critic.eval().input_gradient(torch.randn(500, 2)).norm(dim=1).max() <= 1 + 1e-4
