"""Products at full width are products in single precision, and the setting is put back."""

import pytest
import torch

from genbench.kernels import products

SHAPES = [(16, 256, 128, 128), (1, 64, 784, 400), (64, 64, 32, 32), (3, 7, 5, 9), (2, 256, 128, 1)]


@pytest.mark.parametrize("shape", SHAPES)
def test_they_keep_single_precision(shape):
    batch, rows, depth, columns = shape
    source = torch.Generator().manual_seed(1)
    x, w = (torch.randn(batch, *own, generator=source) for own in ((rows, depth), (depth, columns)))
    with products.full_width(torch.device("cpu")):
        found = x @ w
    exact = x.double() @ w.double()
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=products.TOLERANCE * exact.abs().max())


def test_rounding_to_bfloat16_would_be_noticed(monkeypatch):
    whole = torch.Tensor.__matmul__

    def rounded(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        narrow = a.dtype == torch.float32
        return whole(a.bfloat16().float(), b.bfloat16().float()) if narrow else whole(a, b)

    monkeypatch.setattr(torch.Tensor, "__matmul__", rounded)
    assert not products.keeps_single_precision.__wrapped__()


def test_where_precision_would_be_lost_nothing_is_allowed(monkeypatch):
    monkeypatch.setattr(products, "keeps_single_precision", lambda: False)
    with products.full_width(torch.device("cpu")):
        assert torch.get_float32_matmul_precision() == "highest"


def test_the_setting_is_put_back():
    with pytest.raises(ZeroDivisionError), products.full_width(torch.device("cpu")):
        raise ZeroDivisionError
    assert torch.get_float32_matmul_precision() == "highest"
