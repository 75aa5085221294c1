"""The Gibbs half-step: tuned and Triton versions draw what the plain one draws."""

import importlib.util
import os
import subprocess
import sys

import pytest
import torch

from genbench.kernels.gibbs import half_step, half_step_plain

SHAPES = [(3, 5, 7), (32, 64, 32), (40, 70, 33)]


def inputs(rows: int, depth: int, columns: int) -> list[torch.Tensor]:
    source = torch.Generator().manual_seed(rows)
    x = (torch.rand(rows, depth, generator=source) < 0.5).float()
    weight, bias = (torch.randn(*shape, generator=source) for shape in ((depth, columns), (columns,)))
    return [x, weight, bias, torch.rand(rows, columns, generator=source)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_tuned_version_draws_the_same(shape, scale):
    given = inputs(*shape)
    kept = [t.clone() for t in given]
    assert torch.equal(half_step(*given, scale), half_step_plain(*given, scale))
    assert all(torch.equal(a, b) for a, b in zip(given, kept, strict=True))


def test_a_transposed_view_is_the_way_back():
    x, weight, bias, uniform = inputs(9, 6, 4)
    expected = half_step_plain(x, weight, bias, uniform)
    assert torch.equal(half_step(x, weight.t().contiguous().t(), bias, uniform), expected)


def test_draws_have_the_right_mean():
    x, weight, bias, _ = inputs(1, 6, 4)
    uniform = torch.rand(20_000, 4, generator=torch.Generator().manual_seed(0))
    drawn = half_step(x.expand(20_000, 6), weight, bias, uniform).mean(0)
    torch.testing.assert_close(drawn, torch.sigmoid(x @ weight + bias)[0], atol=0.02, rtol=0)


IN_INTERPRETER = """
import torch
from test_gibbs import SHAPES, inputs
from genbench.kernels.gibbs import half_step, half_step_plain
for shape in SHAPES:
    x, weight, bias, uniform = inputs(*shape)
    for scale in (1.0, 0.3):
        assert torch.equal(half_step(x, weight, bias, uniform, scale),
                           half_step_plain(x, weight, bias, uniform, scale)), shape
    view = weight.t().contiguous().t()
    assert torch.equal(half_step(x, view, bias, uniform), half_step_plain(x, weight, bias, uniform))
print("agree")
"""


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_the_triton_version_draws_the_same_in_its_interpreter():
    where = {
        **os.environ,
        "TRITON_INTERPRET": "1",
        "PYTHONPATH": os.pathsep.join(["tests/kernels", *sys.path]),
    }
    command = [sys.executable, "-c", IN_INTERPRETER]
    done = subprocess.run(command, env=where, capture_output=True, text=True)
    assert done.stdout == "agree\n", done.stderr
