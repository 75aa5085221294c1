"""What a bank of samples says of a generator, measured against held-out data: cheap enough for every tick.

Everything is batched over seeds, and works in a space of at most `AXES` principal components of the data,
scaled so that the data's root mean square radius is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import beta
from torch import Tensor

from genbench.detectors.patterns import checkerboard, grid_peak

AXES = 16
BINS = 25
BANK = 500
"""Samples a seed: enough that an empty bin of weight 1/25 is no accident at the 1 % level."""
POOL = 250
"""Real points, and samples, between which all distances are taken."""
NEAR = 0.15
"""A sample within this distance of a real is near the data, or within `NEARER` times their own distance."""
NEARER = 1.25
STARVED = 0.25
"""A bin is starved if its share is below this part of its due, and missing if that is 99 % sure."""
FEWEST = 250
"""Samples below which nothing is said of bins: a bin of weight 1/25 is due ten of them."""


@dataclass(frozen=True)
class Reference:
    """Held-out data in the form in which samples are compared with them.

    Attributes:
        mean, axes: centre (D,) and scaled principal axes (D, d) of the data.
        centers, bins: k-means centres of one half of the held-out data, (K, d), and the bin that each belongs
            to, (K,): centres nearer than `near` make one bin, so that a bin is a mode and no part of one.
        weights: shares of the bins in the other half, (J,).
        missing_below: counts up to this one, of `BANK` samples, mean that a bin is missing, (J,).
        pool: reals, (m, d).
        near: distance to a real within which a sample counts as near the data.
        reach: distance within which 99 of 100 reals have another one.
        spread: E|x − x'| of reals.
        train: as many training points as reals in the pool, (m, d).
        checkerboard: power of the reals at the highest frequency; None for points.
        components: principal variances of the data above their noise: units that a code of them needs.
    """

    mean: Tensor
    axes: Tensor
    centers: Tensor
    bins: Tensor
    weights: Tensor
    missing_below: Tensor
    pool: Tensor
    near: Tensor
    reach: Tensor
    spread: Tensor
    train: Tensor
    checkerboard: Tensor | None
    components: int

    @classmethod
    def of(cls, train: Tensor, held_out: Tensor) -> Reference:
        """Prepare; `train` and `held_out` are (n, *shape) and (m, *shape), images in [0, 1]."""
        flat = held_out.flatten(1)
        mean = flat.mean(0)
        variances, axes = _axes(flat - mean)
        x = (flat - mean) @ axes
        first, second = x[::2], x[1::2]
        pool = first[:POOL]
        within = torch.cdist(pool, pool)
        nearest = within.kthvalue(2, dim=1).values
        near = (NEARER * nearest.median()).clamp_min(NEAR)
        images = held_out.dim() == 4
        noise = _grey(flat) if images else nearest.median().square() * variances.sum() / (2 * flat.shape[1])
        centers, bins = _bins(first, float(near))
        weights = _counts(second[None], centers, bins)[0] / len(second)
        return cls(
            mean=mean,
            axes=axes,
            centers=centers,
            bins=bins,
            weights=weights,
            missing_below=_missing_below(weights),
            pool=pool,
            near=near,
            reach=torch.maximum(near, nearest.quantile(0.99)),
            spread=within.sum() / (len(pool) * (len(pool) - 1)),
            train=(train[: len(pool)].flatten(1) - mean) @ axes,
            checkerboard=checkerboard(held_out[None])[0] if images else None,
            components=int((variances > noise).sum()),
        )


def statistics(reference: Reference, samples: Tensor) -> Mapping[str, Tensor]:
    """Every sample signal of every seed; `samples` is (S, n, *shape), answers are (S,).

    Missing mass needs `BANK` samples, starved mass half of them; each is left out if there are fewer.
    """
    x = (samples.flatten(2) - reference.mean) @ reference.axes
    few = x[:, :POOL].contiguous()
    # Distances by the Gram matrix lose digits that no statistic here needs.
    to_real, within = torch.cdist(few, reference.pool), torch.cdist(few, few)
    n = few.shape[1]
    spread = within.sum((1, 2)) / (n * (n - 1))
    counts = _counts(x, reference.centers, reference.bins)
    nearest = to_real.amin(2)  # `min` also says where, which takes ten times as long
    signals = {
        "sample/energy_distance": (2 * to_real.mean((1, 2)) - reference.spread - spread) / reference.spread,
        "sample/top_bin": counts.max(1).values / x.shape[1],
        "sample/near": (nearest <= reference.near).float().mean(1),
        "sample/in_reach": (nearest <= reference.reach).float().mean(1),
        "data/components": torch.full_like(spread, reference.components),
        "sample/spread": x.var(1).sum(1).sqrt(),
        **_copying(few, to_real, reference),
        **{f"sample/centroid_{i}": c for i, c in enumerate(x.mean(1).unbind(1)[:4])},
    }
    if x.shape[1] >= FEWEST:
        starved = counts < STARVED * reference.weights * x.shape[1]
        signals["sample/starved_mass"] = (reference.weights * starved).sum(1)
    if x.shape[1] == BANK:
        signals["sample/missing_mass"] = (reference.weights * (counts <= reference.missing_below)).sum(1)
    if reference.checkerboard is not None:
        signals["sample/checkerboard"] = checkerboard(samples) / reference.checkerboard
        signals["sample/grid_peak"] = grid_peak(samples)
    return signals


def two_sample(reference: Reference, first: Tensor, second: Tensor) -> Tensor:
    """Energy distance of two banks (S, n, *shape), in units of the data's spread, (S,)."""
    x, y = ((bank.flatten(2) - reference.mean) @ reference.axes for bank in (first, second))
    n, m = x.shape[1], y.shape[1]
    own = torch.cdist(x, x).sum((1, 2)) / (n * (n - 1)) + torch.cdist(y, y).sum((1, 2)) / (m * (m - 1))
    return (2 * torch.cdist(x, y).mean((1, 2)) - own) / reference.spread


def _axes(centred: Tensor) -> tuple[Tensor, Tensor]:
    """Principal variances; and axes, divided by the data's root mean square radius within them."""
    _, scales, axes = torch.linalg.svd(centred[:1000], full_matrices=False)
    variances = scales.square() / min(len(centred), 1000)
    return variances, axes[:AXES].T / variances[:AXES].sum().sqrt()


def _grey(x: Tensor) -> Tensor:
    """Variance of binary pixels whose probabilities are the grey values."""
    return (x * (1 - x)).mean().clamp_min(0)


def _bins(x: Tensor, near: float) -> tuple[Tensor, Tensor]:
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.cluster import KMeans

    fitted = KMeans(min(BINS, len(x) // 4), n_init=1, random_state=0).fit(x.cpu().double().numpy())
    merged = fcluster(linkage(fitted.cluster_centers_, "complete"), near, "distance") - 1
    return torch.from_numpy(fitted.cluster_centers_).to(x), torch.from_numpy(merged).long().to(x.device)


def _counts(x: Tensor, centers: Tensor, bins: Tensor) -> Tensor:
    """How many points of each seed lie in each bin: (S, n, d) → (S, J)."""
    # |x|² is the same for all centres and left out.
    nearest = bins[(centers.square().sum(1) - 2 * x @ centers.T).argmin(2)]
    counts = torch.zeros(len(x), int(bins.max()) + 1, device=x.device)
    return counts.scatter_add_(1, nearest, torch.ones_like(nearest, dtype=counts.dtype))


def _missing_below(weights: Tensor) -> Tensor:
    """The largest count whose 99 % Clopper–Pearson limit is below `STARVED` of a bin's due; −1 if none."""
    counts = np.arange(BANK // 4)
    upper = beta.ppf(0.99, counts + 1, BANK - counts)
    largest = np.searchsorted(upper, STARVED * weights.double().cpu().numpy()) - 1
    return torch.from_numpy(largest).to(weights)


def _copying(samples: Tensor, to_real: Tensor, reference: Reference) -> dict[str, Tensor]:
    """Share of samples nearer to a training point than to any of equally many held-out ones, ½ by chance.

    And the median of the two distances' ratio: where both are much the same, a few points decide the share.
    """
    m = len(reference.train)
    to_train = torch.cdist(samples, reference.train).amin(2)
    to_new = to_real[:, :, :m].amin(2)
    return {
        "sample/copying": (to_train < to_new).float().mean(1),
        "sample/copy_distance": (to_train / to_new.clamp_min(1e-12)).median(1).values,
    }
