"""Thin products in a graph, written out, so that a compiler fuses them with what surrounds them."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch.fx import GraphModule, Node

THIN = 2
"""Sides up to this are written out; a net of points in the plane has them in its first and last layer."""

aten = torch.ops.aten


def write_out(graph: GraphModule) -> None:
    """Replace batched products (S, M, K) @ (S, K, N) of which M, K or N is thin; the others stay as they are.

    A library's product of such a form runs at a tenth of its speed, and keeps the compiler from computing a
    layer's bias and activation in the same pass. Sums may be taken in another order.
    """
    for node in graph.graph.find_nodes(op="call_function", target=aten.bmm.default):
        left, right = node.args
        (_, rows, depth), columns = left.meta["tensor_meta"].shape, right.meta["tensor_meta"].shape[2]
        with graph.graph.inserting_before(node):
            if depth <= THIN:
                made = _outer(graph.graph.call_function, left, right, depth)
            elif columns <= THIN:
                made = _by_columns(graph.graph.call_function, left, right, columns)
            elif rows <= THIN:
                made = _by_rows(graph.graph.call_function, left, right, rows)
            else:
                continue
        node.replace_all_uses_with(made)
        graph.graph.erase_node(node)
    graph.recompile()


Call = Callable[[Any, tuple[Any, ...]], Node]


def _outer(call: Call, left: Node, right: Node, depth: int) -> Node:
    """A sum of outer products, (S, M, 1) · (S, 1, N) each."""
    parts = []
    for k in range(depth):
        column, row = (
            call(aten.slice.Tensor, (left, 2, k, k + 1)),
            call(aten.slice.Tensor, (right, 1, k, k + 1)),
        )
        parts.append(call(aten.mul.Tensor, (column, row)))
    return reduce(lambda total, part: call(aten.add.Tensor, (total, part)), parts)


def _by_columns(call: Call, left: Node, right: Node, columns: int) -> Node:
    """Each column by itself: Σₖ (S, M, K) · (S, 1, K)."""
    parts = []
    for n in range(columns):
        column = call(aten.unsqueeze.default, (call(aten.select.int, (right, 2, n)), 1))
        parts.append(call(aten.sum.dim_IntList, (call(aten.mul.Tensor, (left, column)), [2], True)))
    return call(aten.cat.default, (parts, 2))


def _by_rows(call: Call, left: Node, right: Node, rows: int) -> Node:
    """Each row by itself: Σₖ (S, K, 1) · (S, K, N)."""
    parts = []
    for m in range(rows):
        row = call(aten.unsqueeze.default, (call(aten.select.int, (left, 1, m)), 2))
        parts.append(call(aten.sum.dim_IntList, (call(aten.mul.Tensor, (row, right)), [1], True)))
    return call(aten.cat.default, (parts, 1))
