"""Optimisers against torch's own, and the meaning of each transformation."""

import pytest
import torch

from genbench.ops import optim


def descend(optimizer: optim.Optimizer, start: torch.Tensor, steps: int = 25) -> torch.Tensor:
    x, state = start.clone(), optimizer.init(start)
    for _ in range(steps):
        change, state = optimizer.update(slope(x), state, x)
        x = x + change
    return x


def slope(x: torch.Tensor) -> torch.Tensor:
    return torch.sin(3 * x) + x**3


def by_torch(kind, start: torch.Tensor, steps: int = 25, **options) -> torch.Tensor:
    x = start.clone().requires_grad_()
    optimizer = kind([x], **options)
    for _ in range(steps):
        x.grad = slope(x.detach())
        optimizer.step()
    return x.detach()


START = torch.linspace(-2, 2, 7, dtype=torch.float64)


@pytest.mark.parametrize(
    ("ours", "kind", "options"),
    [
        (optim.adam(0.05), torch.optim.Adam, {"lr": 0.05}),
        (optim.adam(0.05, (0.0, 0.9)), torch.optim.Adam, {"lr": 0.05, "betas": (0.0, 0.9)}),
        (
            optim.adam(0.05, (0.5, 0.99), 1e-4),
            torch.optim.Adam,
            {"lr": 0.05, "betas": (0.5, 0.99), "eps": 1e-4},
        ),
        (optim.rmsprop(0.01), torch.optim.RMSprop, {"lr": 0.01}),
        (optim.sgd(0.01), torch.optim.SGD, {"lr": 0.01}),
        (optim.sgd(0.01, 0.9), torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
        (
            optim.chain(optim.weight_decay(0.1), optim.trace(0.5), optim.scale(-0.01)),
            torch.optim.SGD,
            {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1},
        ),
    ],
    ids=["adam", "adam-no-momentum", "adam-eps", "rmsprop", "sgd", "momentum", "decay"],
)
def test_same_path_as_torch(ours, kind, options):
    torch.testing.assert_close(descend(ours, START), by_torch(kind, START, **options), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("optimizer", [optim.adam(0.1), optim.rmsprop(0.1), optim.sgd(0.1, 0.9)])
def test_a_stack_of_seeds_is_each_seed_alone(optimizer):
    stack = torch.stack([START, -START / 2, START + 0.1])
    together = descend(optimizer, stack)
    for row, start in enumerate(stack):
        assert torch.equal(together[row], descend(optimizer, start))


def test_clipping_shortens_long_gradients_alone():
    gradient = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    clipped, _ = optim.clip_norm(1.0).update(gradient, {}, gradient)
    torch.testing.assert_close(clipped, torch.tensor([[0.6, 0.8], [0.3, 0.4]]))


def test_rate_of_a_chain_is_its_step_size():
    assert optim.adam(3e-4).rate == 3e-4
    assert optim.chain(optim.weight_decay(0.1), optim.scale(-0.02)).rate == 0.02
