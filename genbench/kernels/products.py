"""Matrix products in single precision over the whole width of a processor's vectors.

torch gives products to MKL, which leaves AVX-512 unused on processors that Intel did not make. oneDNN, which
torch brings along as well, uses it, and takes half the time there. torch lets it have them where
`torch.set_float32_matmul_precision` is "medium": bfloat16 is then allowed within a product. Only matrix units
(AMX) make use of that permission; without them oneDNN computes in single precision all the same, so that
nothing is lost. Whether it does is tried once, on products of several forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

TOLERANCE = 1e-5
"""Largest error of a product over its largest entry that is single precision's; bfloat16's is above 1e-3."""
FORMS = ((1, 64, 256, 64), (4, 33, 96, 40), (1, 128, 784, 100), (8, 64, 128, 1), (2, 256, 2, 128))
"""Batch, rows, depth and columns of the products that are tried."""


@contextmanager
def full_width(device: torch.device) -> Iterator[None]:
    """Lets oneDNN compute the products of tensors on the CPU, where it keeps single precision.

    Results differ from those outside by rounding. Elsewhere than on a CPU nothing changes, since the same
    permission means TensorFloat-32 on a GPU.
    """
    if device.type != "cpu":
        yield
        return
    with _permitted("medium" if keeps_single_precision() else "highest"):
        yield


@contextmanager
def strict(device: torch.device) -> Iterator[None]:
    """As `full_width`, and no TensorFloat-32 on a GPU: for products whose rounding must keep a bound."""
    with full_width(device) if device.type == "cpu" else _permitted("highest"):
        yield


@contextmanager
def _permitted(precision: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def keeps_single_precision() -> bool:
    """Whether this processor's products keep single precision where bfloat16 is allowed."""
    with _permitted("medium"):
        return all(_error(*form) < TOLERANCE for form in FORMS)


def _error(batch: int, rows: int, depth: int, columns: int) -> float:
    """The largest error of a product and of those that its gradients need, over their largest entry."""
    source = torch.Generator().manual_seed(depth)
    x, w = (torch.randn(batch, *own, generator=source) for own in ((rows, depth), (depth, columns)))
    y = torch.randn(batch, rows, columns, generator=source)
    worst = 0.0
    for a, b in ((x, w), (y, w.mT), (x.mT, y)):
        exact = a.double() @ b.double()
        worst = max(worst, float((a @ b - exact).abs().max() / exact.abs().max()))
    return worst
