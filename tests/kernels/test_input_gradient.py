"""The input gradient of a dense critic against autograd's, and the gradient of a penalty on it."""

import itertools

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap

from genbench.kernels.input_gradient import dense_input_gradient, dense_input_gradient_plain
from genbench.nn.mlp import dense_critic
from genbench.ops.adversarial import gradient_penalty

LEAK = 0.2


def parameters(sizes: list[int], seeds: int) -> tuple[list[Tensor], list[Tensor]]:
    source = torch.Generator().manual_seed(len(sizes))

    def normal(*shape: int) -> Tensor:
        return torch.randn(seeds, *shape, generator=source, dtype=torch.float64)

    pairs = list(itertools.pairwise(sizes))
    return [normal(o, i) for i, o in pairs], [normal(o) for _, o in pairs]


@pytest.mark.parametrize("leak", [LEAK, 0.0])
@pytest.mark.parametrize("sizes", [[3, 1], [3, 7, 1], [5, 8, 6, 1]], ids=str)
def test_it_and_the_gradient_of_a_penalty_on_it_are_autograds(sizes: list[int], leak: float) -> None:
    weights, biases = parameters(sizes, seeds=2)
    x = torch.randn(2, 9, sizes[0], dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def penalty(input_gradient, weights, biases, x):
        found = input_gradient(weights, biases, x, leak)
        return (found.square().sum(1).sqrt() - 1).square().mean(), found

    def both(input_gradient):
        return vmap(grad(lambda *given: penalty(input_gradient, *given), argnums=(0, 1), has_aux=True))(
            weights, biases, x
        )

    torch.testing.assert_close(both(dense_input_gradient), both(dense_input_gradient_plain))


def test_a_dense_critic_gives_its_input_gradient_in_the_shape_of_its_input() -> None:
    critic = dense_critic((1, 4, 4), width=8, depth=2)
    real, fake, mix = torch.randn(6, 1, 4, 4), torch.randn(6, 1, 4, 4), torch.rand(6)
    torch.testing.assert_close(critic.input_gradient(real), grad(lambda x: critic(x).sum())(real))
    expected = gradient_penalty(critic, real, fake, mix)
    torch.testing.assert_close(gradient_penalty(critic, real, fake, mix, critic.input_gradient), expected)
