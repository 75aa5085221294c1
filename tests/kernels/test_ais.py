"""The annealing sweep: the fast one computes what the plain one computes."""

import itertools
import math

import pytest
import torch

from genbench.kernels.ais import STEPS_BETWEEN_LOGS, Path, anneal, anneal_plain


def path(v: int, h: int, scale: float, dtype: torch.dtype = torch.float64) -> Path:
    source = torch.Generator().manual_seed(v + h)

    def normal(*shape: int) -> torch.Tensor:
        return scale * torch.randn(*shape, generator=source, dtype=dtype)

    return Path(normal(v, h), normal(v), normal(h), normal(v))


def start(path: Path, n: int) -> torch.Tensor:
    half = torch.full((n, len(path.visible_bias)), 0.5, dtype=path.weight.dtype)
    return torch.bernoulli(half, generator=torch.Generator().manual_seed(1))


def swept(sweep, path: Path, betas: list[float]) -> torch.Tensor:
    return sweep(path, betas, start(path, 20), torch.Generator().manual_seed(2))


@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("levels", [2, STEPS_BETWEEN_LOGS, STEPS_BETWEEN_LOGS + 1, 200])
@pytest.mark.parametrize("falling", [False, True])
def test_both_sweeps_agree(scale: float, levels: int, falling: bool):
    betas = torch.linspace(0, 1, levels, dtype=torch.float64).tolist()[:: -1 if falling else 1]
    machine = path(13, 7, scale)
    torch.testing.assert_close(
        swept(anneal, machine, betas), swept(anneal_plain, machine, betas), rtol=1e-9, atol=1e-9
    )


def test_strides_too_long_for_the_product_are_swept_term_by_term():
    huge = path(30, 5, 400.0, torch.float32)
    log_weights = swept(anneal, huge, [0.0, 1.0])
    assert log_weights.isfinite().all()
    torch.testing.assert_close(log_weights, swept(anneal_plain, huge, [0.0, 1.0]))


def test_a_machine_without_weights_needs_no_luck():
    """Every chain's weight is then Z / Z_base as far as the hidden units go, whatever the schedule."""
    flat = path(6, 4, 1.0)
    flat = flat._replace(weight=torch.zeros(6, 4, dtype=torch.float64), base_bias=flat.visible_bias)
    expected = float(torch.nn.functional.softplus(flat.hidden_bias).sum()) - 4 * math.log(2)
    for sweep, levels in itertools.product((anneal, anneal_plain), (2, 7)):
        betas = torch.linspace(0, 1, levels).tolist()
        assert swept(sweep, flat, betas) == pytest.approx([expected] * 20, abs=1e-9)


def test_single_precision_estimates_the_same():
    double = path(20, 10, 0.5)
    single = Path(*(t.float() for t in double))
    betas = torch.linspace(0, 1, 500).tolist()
    mean = {p.weight.dtype: float(swept(anneal, p, betas).exp().log().mean()) for p in (double, single)}
    assert mean[torch.float32] == pytest.approx(mean[torch.float64], abs=0.3)
