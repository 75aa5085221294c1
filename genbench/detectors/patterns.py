"""Patterns at the finest scale of images, batched over seeds."""

from __future__ import annotations

import torch
from torch import Tensor

PATTERNS = 100
"""Images whose spectrum is taken."""
FAINT = 0.01
"""Share of the variance below which the highest frequencies show no pattern."""


def checkerboard(images: Tensor) -> Tensor:
    """Mean square of the 2×2 alternating pattern, over the images' variance: (S, n, C, H, W) → (S,)."""
    height, width = (side - side % 2 for side in images.shape[-2:])
    even, odd = images[..., :height:2, :width], images[..., 1:height:2, :width]
    pattern = (even[..., ::2] - even[..., 1::2] - odd[..., ::2] + odd[..., 1::2]) / 4
    return pattern.square().mean((1, 2, 3, 4)) / images.flatten(2).var((1, 2)).clamp_min(1e-12)


def grid_peak(images: Tensor) -> Tensor:
    """Power of the highest frequencies along either axis over that of those next to them; 1 if it is faint.

    White noise has 1 as well. (S, n, C, H, W) → (S,).
    """
    height, width = (side - side % 2 for side in images.shape[-2:])
    x = images[:, :PATTERNS, :, :height, :width]
    power = torch.fft.rfft2(x - x.mean((-2, -1), keepdim=True)).abs().square().mean((1, 2))
    down = height // 2 - torch.fft.fftfreq(height, 1 / height).abs().round().long()
    across = width // 2 - torch.arange(width // 2 + 1)
    # Steps below the highest frequency, along the axis where it is nearest; real spectra come by halves.
    below = torch.minimum(down[:, None], across[None]).to(power.device)
    count = torch.where((across == 0) | (across == width // 2), 1.0, 2.0).to(power).expand_as(below)
    at, beside, total = (
        (power * count * where).sum((1, 2)) for where in (below == 0, below == 1, below >= 0)
    )
    per_bin = [(count * where).sum() for where in (below == 0, below == 1)]
    peak = (at / per_bin[0]) / (beside / per_bin[1]).clamp_min(1e-30)
    return torch.where(at < FAINT * total, torch.ones_like(peak), peak)
