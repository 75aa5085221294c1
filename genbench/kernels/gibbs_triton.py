"""The Triton version of `gibbs.half_step`; imported only where it runs."""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl


@triton.jit
def half_step_kernel(
    x: Any,
    weight: Any,
    bias: Any,
    uniform: Any,
    out: Any,
    rows: Any,
    columns: Any,
    depth: Any,
    x_row: Any,
    x_column: Any,
    w_row: Any,
    w_column: Any,
    u_row: Any,
    u_column: Any,
    o_row: Any,
    o_column: Any,
    scale: Any,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
) -> None:
    """One tile of uniform < sigmoid(b + scale · x W); strides follow the sizes."""
    r = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    c = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    total = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    for start in range(0, depth, DEPTH):
        k = start + tl.arange(0, DEPTH)
        inside_x = (r[:, None] < rows) & (k[None, :] < depth)
        inside_w = (k[:, None] < depth) & (c[None, :] < columns)
        left = tl.load(x + r[:, None] * x_row + k[None, :] * x_column, mask=inside_x, other=0.0)
        right = tl.load(weight + k[:, None] * w_row + c[None, :] * w_column, mask=inside_w, other=0.0)
        total += tl.dot(left, right, input_precision="ieee")
    logits = scale * total + tl.load(bias + c, mask=c < columns, other=0.0)[None, :]
    inside = (r[:, None] < rows) & (c[None, :] < columns)
    u = tl.load(uniform + r[:, None] * u_row + c[None, :] * u_column, mask=inside, other=1.0)
    draw = (u < tl.sigmoid(logits)).to(tl.float32)
    tl.store(out + r[:, None] * o_row + c[None, :] * o_column, draw, mask=inside)
