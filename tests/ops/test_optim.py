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


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        (optim.warm_up(4), {(0, 0.0): 0.25, (2, 0.5): 0.75, (3, 0.9): 1.0, (50, 0.9): 1.0}),
        (optim.cosine(), {(0, 0.0): 1.0, (7, 0.5): 0.5, (9, 1.0): 0.0}),
        (optim.cosine(0.2), {(0, 0.0): 1.0, (7, 0.5): 0.6, (9, 1.0): 0.2}),
        (optim.exponential(0.01), {(0, 0.0): 1.0, (7, 0.5): 0.1, (9, 1.0): 0.01}),
        (
            optim.piecewise_constant((0.0, 0.25, 0.5), (1.0, 0.5, 0.1)),
            {(0, 0.0): 1.0, (1, 0.3): 0.5, (2, 0.9): 0.1},
        ),
    ],
)
def test_schedules_at_known_points(schedule, factors):
    for (count, progress), factor in factors.items():
        found = schedule(torch.tensor(float(count)), torch.tensor(progress))
        assert float(found) == pytest.approx(factor, abs=1e-6)


def test_a_schedule_scales_the_step_and_restarts_nothing():
    """Adam's moments go on as without it; of a stack of seeds all rows take the same factor."""
    plain, scaled = optim.adam(0.1), optim.chain(optim.adam(0.1), optim.scale_by_schedule(optim.warm_up(2)))
    assert plain.factor is None
    first = scaled.init(torch.zeros(3))
    assert scaled.factor(first, 0.0) == 0.5
    x = torch.ones(3, 4)
    states = plain.init(x), scaled.init(x)
    for step in range(3):
        gradient = torch.randn(3, 4, generator=torch.Generator().manual_seed(step))
        wanted, first = plain.update(gradient, states[0], x)
        found, second = scaled.update(gradient, states[1], x, 0.5)
        states = first, second
        torch.testing.assert_close(found, wanted * min(1.0, (step + 1) / 2))
        torch.testing.assert_close(second["0.0.m"], first["0.m"])
    assert scaled.rate == plain.rate


def test_split_gives_each_part_what_its_optimiser_gives_it_alone():
    rest, own = optim.adam(0.1), optim.sgd(0.05, momentum=0.9)
    found = descend(optim.split(3, rest, own), START)
    assert torch.equal(found, torch.cat([descend(rest, START[:-3]), descend(own, START[-3:])]))
    stacked = descend(optim.split(3, rest, own), START.expand(2, -1))
    torch.testing.assert_close(stacked, found.expand(2, -1))
    assert optim.split(3, rest, own).rate == rest.rate
