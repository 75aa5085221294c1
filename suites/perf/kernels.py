"""The hot loops of metrics and energy models at two sizes each, and against the packages that others use."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import Tensor

from genbench.kernels import ais, pairwise
from genbench.kernels.gibbs import half_step
from genbench.metrics.frechet import frechet_distance, frechet_distance_from_features
from genbench.metrics.kernel_distance import cubic, kid
from genbench.metrics.neighbours import prdc

from .timing import SAMPLED, Work, ratio


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def covariance(d: int, seed: int) -> Tensor:
    x = normal(2 * d, d, seed=seed).double()
    return x.T @ x / (2 * d)


def nearest(size: int) -> Work:
    x, y = normal(size, 64), normal(size, 64, seed=1)
    return lambda: pairwise.nearest_squared(x, y, 5)


def kernel_sums(size: int) -> Work:
    x, y = normal(size, 256), normal(size, 256, seed=1)
    return lambda: pairwise.row_sums(x, y, cubic)


def manifolds(size: int) -> Work:
    x, y = normal(size, 64), normal(size, 64, seed=1)
    return lambda: prdc(x, y)


def frechet(size: int) -> Work:
    d = size // 8
    mean, first, second = torch.zeros(d).double(), covariance(d, 0), covariance(d, 1)
    return lambda: frechet_distance(mean, first, mean + 1, second)


def annealing(size: int) -> Work:
    """`size` units a side, 100 chains, 100 temperatures."""
    path, start = machine(size, size), normal(100, size, seed=1).sign().clamp(min=0)
    betas = torch.linspace(0, 1, 101).tolist()
    return lambda: ais.anneal(path, betas, start, torch.Generator().manual_seed(0))


def gibbs(size: int) -> Work:
    """A half-step of 100 chains, and the way back."""
    path, v = machine(size, size), normal(100, size, seed=1).sign().clamp(min=0)
    uniform = torch.rand(100, size, generator=torch.Generator().manual_seed(0))

    def step() -> Tensor:
        h = half_step(v, path.weight, path.hidden_bias, uniform)
        return half_step(h, path.weight.t(), path.visible_bias, uniform)

    return step


def machine(visible: int, hidden: int) -> ais.Path:
    return ais.Path(0.05 * normal(visible, hidden), normal(visible), normal(hidden), torch.zeros(visible))


KERNELS: dict[str, tuple[Callable[[int], Work], int, int]] = {
    "nearest": (nearest, 500, 2000),
    "kernel_sums": (kernel_sums, 500, 2000),
    "manifolds": (manifolds, 500, 2000),
    "frechet": (frechet, 1024, 3072),
    "annealing": (annealing, 128, 512),
    "gibbs": (gibbs, 128, 512),
}
"""Name → what makes the work of a size, and two sizes."""


@cache
def prepared(name: str, size: str) -> Work:
    """The work of a size, done once; kept, since asv sets a benchmark up before every sample."""
    torch.set_num_threads(1)
    make, small, large = KERNELS[name]
    work = make(small if size == "small" else large)
    work()
    return work


class Kernel:
    """Processor time and memory of each kernel."""

    params = (list(KERNELS), ["small", "large"])
    param_names = ("kernel", "size")
    timer = time.process_time
    warmup_time, repeat, rounds = SAMPLED

    def setup(self, name: str, size: str) -> None:
        self.work = prepared(name, size)

    def time_kernel(self, name: str, size: str) -> None:
        self.work()

    def peakmem_kernel(self, name: str, size: str) -> None:
        self.work()


class AgainstOthers:
    """Our time over that of the package that people use, in one process."""

    params = ("frechet", "frechet_few", "prdc", "kid", "annealing")
    param_names = ("metric",)
    timeout = 600

    def setup(self, name: str) -> None:
        torch.set_num_threads(1)
        self.ours, self.theirs = PAIRS[name]()

    def track_ratio(self, name: str) -> float:
        return ratio(self.ours, self.theirs)

    track_ratio.unit = "ours / theirs"  # type: ignore[attr-defined]


def frechet_pair(d: int = 256) -> tuple[Work, Work]:
    """Against pytorch-fid's function on the same moments."""
    from pytorch_fid.fid_score import calculate_frechet_distance as peer

    moments = (np.zeros(d), covariance(d, 0).numpy(), np.ones(d), covariance(d, 1).numpy())
    return lambda: frechet_distance(*moments), lambda: peer(*moments)


def frechet_few_pair(n: int = 100, d: int = 256) -> tuple[Work, Work]:
    """From features, fewer than their dimensions, against pytorch-fid's function on NumPy's moments."""
    from pytorch_fid.fid_score import calculate_frechet_distance as peer

    x, y = normal(n, d), normal(n, d, seed=1) + 0.1

    def theirs() -> object:
        fitted = ((part.mean(0), np.cov(part, rowvar=False)) for part in (x.numpy(), y.numpy()))
        return peer(*(moment for pair in fitted for moment in pair))

    return lambda: frechet_distance_from_features(x, y), theirs


def prdc_pair(n: int = 1000, d: int = 64) -> tuple[Work, Work]:
    """Against prdc's own numpy and scikit-learn."""
    from prdc import compute_prdc

    x, y = normal(n, d), normal(n, d, seed=1)
    return lambda: prdc(x, y), lambda: compute_prdc(x.numpy(), y.numpy(), nearest_k=5)


def kid_pair(n: int = 1000, d: int = 128, subsets: int = 10, size: int = 500) -> tuple[Work, Work]:
    """Against torch-fidelity's sum over subsets."""
    from torch_fidelity.metric_kid import kid_features_to_metric

    x, y = normal(n, d), normal(n, d, seed=1)
    options = {"kid_subsets": subsets, "kid_subset_size": size, "verbose": False, "rng_seed": 0}
    return lambda: kid(x, y, subsets, size), lambda: kid_features_to_metric(x, y, **options)


def annealing_pair(units: int = 256, temperatures: int = 100) -> tuple[Work, Work]:
    """Against the sweep written term by term as in the paper."""
    path, start = machine(units, units), normal(100, units, seed=1).sign().clamp(min=0)
    betas = torch.linspace(0, 1, temperatures + 1).tolist()

    def sweep(function: Callable[..., Tensor]) -> Work:
        return lambda: function(path, betas, start, torch.Generator().manual_seed(0))

    return sweep(ais.anneal), sweep(ais.anneal_plain)


PAIRS: dict[str, Callable[[], tuple[Work, Work]]] = {
    "frechet": frechet_pair,
    "frechet_few": frechet_few_pair,
    "prdc": prdc_pair,
    "kid": kid_pair,
    "annealing": annealing_pair,
}
