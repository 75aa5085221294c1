"""Thin products written out: the same numbers, and none of them left to the library."""

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from genbench.engine.thin_matmul import write_out


def products(graph: torch.fx.GraphModule) -> int:
    return len(graph.graph.find_nodes(op="call_function", target=torch.ops.aten.bmm.default))


@pytest.mark.parametrize(
    ("rows", "depth", "columns", "left"),
    [(5, 2, 7, 0), (5, 1, 7, 0), (5, 7, 2, 0), (2, 7, 5, 0), (1, 7, 1, 0), (2, 2, 2, 0), (3, 7, 5, 1)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_product_is_the_same_written_out(rows, depth, columns, left, turned) -> None:
    source = torch.Generator().manual_seed(0)
    a, b = (torch.randn(3, *sides, generator=source) for sides in ((rows, depth), (depth, columns)))
    if turned:
        a, b = a.mT.contiguous().mT, b.mT.contiguous().mT
    graph = make_fx(lambda x, y: torch.tanh(x @ y))(a, b)
    assert products(graph) == 1
    write_out(graph)
    assert products(graph) == left
    torch.testing.assert_close(graph(a, b), torch.tanh(a @ b))
