"""Whether samples repeat the training set: AuthPct and the memorisation-informed Fréchet distance."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from genbench.kernels.pairwise import distance_tiles, nearest_squared
from genbench.metrics.frechet import Moments, frechet_to
from genbench.metrics.inputs import Features, feature_pair
from genbench.metrics.uncertainty import proportion
from genbench.types import FEW_SAMPLES, Estimate, InputError

MEMORISED = 0.1
"""Mean cosine distance to the training set below which `mifid` takes samples for memorised."""

_EPSILON = 1e-14
"""Keeps the penalty of exact copies finite."""


def authpct(train: Features, fake: Features, spacing: Tensor | None = None) -> Estimate:
    """AuthPct: percentage of samples that are authentic (Alaa et al. 2022, arXiv:2102.08921).

    A sample g with the nearest training example x is authentic if |g − x| exceeds the distance of x to its
    own nearest training example. Copies score 0, draws of the same distribution roughly half or more; a
    sampler far from all data scores 100, so it tells copying only from good samples. Wilson's interval.

    Args:
        train, fake: features of training examples and samples, shapes (t, d) and (n, d).
        spacing: `own_spacing` of the training examples, shape (t,), where it is known already.

    Raises:
        InputError: fewer than two rows, different widths, or values that are not finite.
    """
    train, fake = feature_pair(train, fake)
    nearest = nearest_rows(fake, train)
    away = (fake.double() - train[nearest].double()).square().sum(dim=1)
    spacing = own_spacing(train) if spacing is None else spacing
    share = proportion(int((away > spacing[nearest]).sum()), len(fake), (FEW_SAMPLES,) * (len(fake) < 100))
    low, high = (100 * end if end is not None else None for end in (share.low, share.high))
    return replace(share, value=100 * share.value, low=low, high=high)


def own_spacing(x: Tensor) -> Tensor:
    """Squared distance of each row to its nearest other row, shape (n, d) → (n,)."""
    return nearest_squared(x, x, 2)[:, 1].double()


def mifid(reference: Moments, train: Features, fake: Features, threshold: float = MEMORISED) -> Estimate:
    """Memorisation-informed Fréchet distance (Bai et al. 2021, arXiv:2106.03062).

    The Fréchet distance times m = 1 / (s + 1e-14) where s, the mean over samples of the least cosine distance
    1 − |cos(g, x)| to a training example, is below the threshold; m = 1 elsewhere. Exact copies thus get an
    enormous score. The interval is the distance's, with s held fixed. Features that are never negative lie at
    small angles: where real data have s below the threshold, all scores are multiplied alike and the score
    says little; that is so of many networks but the published one, for which .1 was chosen.

    Args:
        reference: moments of all training features.
        train, fake: features of training examples and samples, shapes (t, d) and (n, d).

    Raises:
        InputError: as `frechet_to`, or the threshold is negative.
    """
    if threshold < 0:
        raise InputError(f"threshold {threshold} is negative, give a cosine distance")
    distance = frechet_to(reference, fake)
    s = memorisation_distance(train, fake)
    factor = 1 / (s + _EPSILON) if s < threshold else 1.0
    low, high = (end if end is None else factor * end for end in (distance.low, distance.high))
    return replace(distance, value=factor * distance.value, low=low, high=high)


def memorisation_distance(train: Features, fake: Features) -> float:
    """Mean over samples of the least 1 − |cos| to a training example, shapes (t, d), (n, d).

    A row of zeros is at 1 from all others.

    Raises:
        InputError: fewer than two rows, different widths, or values that are not finite.
    """
    train, fake = (F.normalize(part.double(), dim=1) for part in feature_pair(train, fake))
    nearest = torch.cat([(part @ train.T).abs().amax(dim=1) for part in fake.split(_ROWS)])
    return float((1 - nearest).clamp(min=0).mean())


_ROWS = 256
"""Samples whose products with all training examples are held at once."""


def nearest_rows(x: Tensor, y: Tensor) -> Tensor:
    """Index of the row of `y` nearest to each of `x`, the first of equals, shapes (n, d), (m, d) → (n,)."""
    nearest = torch.zeros(len(x), dtype=torch.long, device=x.device)
    best = torch.full((len(x),), torch.inf, device=x.device)
    for where, columns, squared in distance_tiles(x, y):
        value, index = squared.min(dim=1)
        nearer = value < best[where]
        nearest[where] = torch.where(nearer, index + columns.start, nearest[where])
        best[where] = torch.where(nearer, value.to(best), best[where])
    return nearest
