"""Sums and counts by Triton, in its interpreter, against whole matrices in double precision."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from genbench.kernels import fused
from genbench.kernels.distances import Bounds, squared_distances
from genbench.kernels.forms import Cubic, Form, Gaussian, Nearness
from genbench.kernels.pairwise import counts_within, own_sums, row_sums

SHAPES = [(5, 3, 40), (64, 64, 32), (70, 130, 33)]


def inputs(n: int, m: int, d: int) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(n)
    return torch.randn(n, d, generator=source) + 3, torch.randn(m, d, generator=source) + 3


def forms(x: Tensor) -> list[Form]:
    return [Cubic(), Gaussian(5.0, x.mean(dim=0)), Nearness(x.mean(dim=0))]


def check_sums(shape: tuple[int, int, int]) -> None:
    """`fused.row_sums`, whole and of a set with itself, as with a matrix in double precision."""
    x, y = inputs(*shape)
    for form in forms(x):
        for other in (y, x):
            exact = form(x.double(), other.double()).double().sum(dim=1)
            torch.testing.assert_close(fused.row_sums(x, other, form), exact, rtol=1e-5, atol=0)
        assert torch.equal(row_sums(x, y, form), fused.row_sums(x, y, form))
        assert torch.equal(own_sums(x, form), fused.row_sums(x, x, form))


def check_counts(shape: tuple[int, int, int]) -> None:
    """Limits are distances that occur, so some rows stay open; what is counted is exact."""
    x, y = inputs(*shape)
    y[:2] = x[:2]
    squared = squared_distances(x, y, y.mean(dim=0))
    for limits in (squared.median(dim=1).values, 1.01 * squared.median(dim=1).values, squared[:, 0] * 0):
        bounds = Bounds.of(x, y, y.mean(dim=0))
        assert bounds is not None
        surely, perhaps = fused.counts_within(bounds, limits)
        exact = (squared <= limits[:, None]).sum(dim=1)
        assert (surely <= exact).all()
        assert (exact <= perhaps).all()
        assert torch.equal(counts_within(x, y, limits), exact)
    assert (surely != perhaps).any()


PROGRAM = """
from test_fused import SHAPES, check_counts, check_sums
for shape in SHAPES:
    check_sums(shape)
    check_counts(shape)
print("agree")
"""


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_triton_sums_and_counts_what_whole_matrices_do() -> None:
    places = os.pathsep.join(["tests/kernels", *sys.path])
    where = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": places}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=where, capture_output=True, text=True)
    assert done.stdout == "agree\n", done.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("n", [100, 3000])
def test_a_gpu_sums_and_counts_what_a_cpu_does(n: int) -> None:
    x, y = inputs(n, n + 7, 256)
    limits = squared_distances(x, y[:50], y.mean(dim=0)).median(dim=1).values
    assert torch.equal(counts_within(x.cuda(), y.cuda(), limits.cuda()).cpu(), counts_within(x, y, limits))
    for form, there in zip(forms(x), forms(x.cuda()), strict=True):
        found = row_sums(x.cuda(), y.cuda(), there).cpu()
        torch.testing.assert_close(found, row_sums(x, y, form), rtol=1e-5, atol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_counts_by_tiles_are_those_of_the_whole_matrix(shape: tuple[int, int, int]) -> None:
    x, y = inputs(*shape)
    squared = squared_distances(x, y, y.mean(dim=0))
    limits = squared.median(dim=1).values
    assert torch.equal(counts_within(x, y, limits), (squared <= limits[:, None]).sum(dim=1))
