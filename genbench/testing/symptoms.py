"""Signs of single failures, measured on a finished state by other means than the detectors'."""

from __future__ import annotations

import torch
from torch import Tensor

from genbench.ops.variational import gaussian_kl
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture

COPIES = 500
"""Samples whose nearest neighbours are sought."""
CARRIES = 0.05
"""Nats from which on a latent unit carries something."""


def copies(x: Tensor, train: Tensor, fresh: Tensor) -> dict[str, float]:
    """Nearest training examples of samples (n, D), against those of fresh draws and of equally many of them.

    ``copy``: median of d(x, train) / d(x, fresh), as many fresh ones as there are to train on; 1 by chance.
    ``close``: median d(x, train) over the median d(fresh, train).
    """
    known = train[: len(fresh)]
    samples, new = x[:COPIES], fresh[-COPIES:]
    to_train = torch.cdist(samples, known).min(1).values
    to_fresh = torch.cdist(samples, fresh[: len(known)]).min(1).values.clamp_min(1e-12)
    due = torch.cdist(new, known).min(1).values.median().clamp_min(1e-12)
    return {"copy": float((to_train / to_fresh).median()), "close": float(to_train.median() / due)}


def grid(images: Tensor) -> dict[str, float]:
    """Power of images (n, C, H, W) at period 2 against the frequencies next to it.

    ``peak``: mean power of the bins whose frequency is highest along either axis, over that of the bins one
    step below; white noise has 1. ``peak_share``: share of the variance in the former.
    """
    height, width = (side - side % 2 for side in images.shape[-2:])
    x = images[..., :height, :width].double()
    power = torch.fft.fft2(x - x.mean((-2, -1), keepdim=True)).abs().square().mean((0, 1))
    down, across = (torch.fft.fftfreq(side).abs() for side in (height, width))
    # How many steps each bin lies below the highest frequency, along the axis where it is nearest.
    below = torch.minimum(((0.5 - down) * height)[:, None], ((0.5 - across) * width)[None]).round()
    at, beside = power[below == 0], power[below == 1]
    total = power.sum().clamp_min(1e-300)
    return {"peak": float(at.mean() / beside.mean().clamp_min(1e-300)), "peak_share": float(at.sum() / total)}


def code(task: Task, mean: Tensor, log_variance: Tensor) -> dict[str, float]:
    """``carrying`` units of a code of fresh data (n, d), and how many the data ``needed``."""
    nats = gaussian_kl(mean, log_variance).mean(0)
    needed = min(needed_units(task), mean.shape[1])
    return {"carrying": float((nats > CARRIES).sum()), "needed": float(needed)}


def needed_units(task: Task) -> int:
    """Principal variances of the data above their noise.

    A linear autoencoder with noise σ² uses the unit of each λ_i > σ² (Tipping & Bishop 1999; Lucas et al.
    2019), whatever else it could use. σ² is that of a mixture's components, and the mean of x (1 − x) over
    the pixels of images, whose grey values count as probabilities.
    """
    x = task.to_float(task.train[:2000]).flatten(1).double()
    truth = task.truth
    sigma = truth.sigma if isinstance(truth, Mixture) else None
    noise = sigma**2 if sigma is not None else float((x * (1 - x)).mean())
    return int((torch.linalg.eigvalsh(x.T.cov()) > noise).sum())
