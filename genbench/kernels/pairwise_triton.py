"""Triton kernels over all pairs of two sets; imported only where they run."""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl


@triton.jit
def _products(
    x: Any,
    y: Any,
    r: Any,
    c: Any,
    rows: Any,
    columns: Any,
    depth: Any,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
) -> Any:
    """Rows r of x times columns c of yᵀ, both contiguous, in single precision without TensorFloat-32."""
    total = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    for start in range(0, depth, DEPTH):
        k = start + tl.arange(0, DEPTH)
        inside_x = (r[:, None] < rows) & (k[None, :] < depth)
        inside_y = (k[:, None] < depth) & (c[None, :] < columns)
        left = tl.load(x + r[:, None] * depth + k[None, :], mask=inside_x, other=0.0)
        right = tl.load(y + c[None, :] * depth + k[:, None], mask=inside_y, other=0.0)
        total += tl.dot(left, right, input_precision="ieee")
    return total


@triton.jit
def row_sums_kernel(
    x: Any,
    y: Any,
    x_squares: Any,
    y_squares: Any,
    out: Any,
    rows: Any,
    columns: Any,
    depth: Any,
    scale: Any,
    FORM: tl.constexpr,
    OWN: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
) -> None:
    """Sums over every so-manieth tile of columns; FORM 0: (s xᵀy + 1)³, 1: exp(s |x − y|²), 2: s |x − y|."""
    part, parts = tl.program_id(1), tl.num_programs(1)
    r = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    total = tl.zeros((ROWS,), dtype=tl.float64)
    for left in range(part * COLUMNS, columns, parts * COLUMNS):
        c = (left + tl.arange(0, COLUMNS)).to(tl.int64)
        inner = _products(x, y, r, c, rows, columns, depth, ROWS, COLUMNS, DEPTH)
        if FORM == 0:
            inner = scale * inner + 1
            values = inner * inner * inner
        else:
            first = tl.load(x_squares + r, mask=r < rows, other=0.0)
            second = tl.load(y_squares + c, mask=c < columns, other=0.0)
            squared = tl.maximum(first[:, None] + second[None, :] - 2 * inner, 0.0)
            if OWN:
                squared = tl.where(r[:, None] == c[None, :], 0.0, squared)
            values = tl.exp(scale * squared) if FORM == 1 else scale * tl.sqrt(squared)
        total += tl.sum(tl.where(c[None, :] < columns, values, 0.0).to(tl.float64), axis=1)
    tl.store(out + part * rows + r, total, mask=r < rows)


@triton.jit
def counts_kernel(
    x: Any,
    y: Any,
    x_lower: Any,
    y_lower: Any,
    x_errors: Any,
    y_errors: Any,
    limits: Any,
    surely: Any,
    perhaps: Any,
    rows: Any,
    columns: Any,
    depth: Any,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
) -> None:
    """How many squared distances of a row are surely, and how many perhaps, no more than its limit."""
    part, parts = tl.program_id(1), tl.num_programs(1)
    r = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    base = tl.load(x_lower + r, mask=r < rows, other=0.0)
    error = tl.load(x_errors + r, mask=r < rows, other=0.0)
    limit = tl.load(limits + r, mask=r < rows, other=0.0)
    inside, around = tl.zeros((ROWS,), dtype=tl.int32), tl.zeros((ROWS,), dtype=tl.int32)
    for left in range(part * COLUMNS, columns, parts * COLUMNS):
        c = (left + tl.arange(0, COLUMNS)).to(tl.int64)
        known = c[None, :] < columns
        inner = _products(x, y, r, c, rows, columns, depth, ROWS, COLUMNS, DEPTH)
        lower = base[:, None] + tl.load(y_lower + c, mask=c < columns, other=0.0)[None, :] - 2 * inner
        width = 2 * (error[:, None] + tl.load(y_errors + c, mask=c < columns, other=0.0)[None, :])
        around += tl.sum((known & (lower <= limit[:, None])).to(tl.int32), axis=1)
        inside += tl.sum((known & (lower + width < limit[:, None])).to(tl.int32), axis=1)
    tl.store(surely + part * rows + r, inside, mask=r < rows)
    tl.store(perhaps + part * rows + r, around, mask=r < rows)
