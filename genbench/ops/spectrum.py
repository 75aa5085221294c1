"""Where in the spectrum the power of images lies."""

from __future__ import annotations

import torch
from torch import Tensor


def power(images: Tensor) -> Tensor:
    """Mean power spectrum without the constant part, (n, C, H, W) → (H, W), as `torch.fft.fft2`."""
    spectrum = torch.fft.fft2(images.double()).abs().square().mean((0, 1))
    spectrum[0, 0] = 0
    return spectrum


def nyquist_share(images: Tensor) -> float:
    """Share of the power at the highest frequency of rows or columns, of images (n, C, H, W) of even sides.

    That is where a pattern lies that repeats every two pixels.
    """
    spectrum = power(images)
    row, column = (side // 2 for side in spectrum.shape)
    highest = spectrum[row].sum() + spectrum[:, column].sum() - spectrum[row, column]
    return float(highest / spectrum.sum())


def high_share(images: Tensor) -> float:
    """Share of the power of images (n, C, H, W) above half the highest frequency: what blur takes away.

    Frequencies are measured radially.
    """
    spectrum = power(images)
    axes = [torch.fft.fftfreq(side, dtype=torch.float64) for side in spectrum.shape]
    radius = torch.hypot(axes[0][:, None], axes[1])
    return float(spectrum[radius > 0.25].sum() / spectrum.sum())
