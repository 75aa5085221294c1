"""Mixture of isotropic Gaussians by expectation maximisation (Dempster et al. 1977)."""

from dataclasses import dataclass

import torch
from torch import nn

from genbench.models.model import Assign, Draw, Model, Noise, Phase, Sampler, Values
from genbench.registry import models


class Mixture(nn.Module):
    def __init__(self, components, x):
        super().__init__()
        self.centers = nn.Parameter(x[torch.randperm(len(x))[:components]])
        self.log_scales = nn.Parameter(x.std().log().expand(components).clone())
        self.logits = nn.Parameter(torch.zeros(components))

    def joint(self, x):
        """log p(x, k) up to a constant, (B, D) → (B, K)."""
        squares = (x[:, None] - self.centers).square().sum(2) / self.log_scales.mul(2).exp()
        return self.logits.log_softmax(0) - x.shape[1] * self.log_scales - squares / 2


@models.register("em-mixture")
@dataclass(frozen=True)
class EmMixture(Model):
    """Mixture of isotropic Gaussians, a round of EM over all data in every step."""

    components: int = 16

    def nets(self, task):
        return {"mixture": Mixture(self.components, task.to_float(task.train).flatten(1).cpu())}

    def phases(self, task):
        def em(nets, batch):
            x = batch.x.flatten(1)
            shares = nets["mixture"].joint(x).softmax(1)
            counts = shares.sum(0) + 1e-6
            centers = shares.T @ x / counts[:, None]
            variances = (shares * (x[:, None] - centers).square().mean(2)).sum(0) / counts
            values = {"centers": centers, "log_scales": (variances + 1e-6).log() / 2, "logits": counts.log()}
            return Values({"mixture": values}, {"mixture/scale": variances.mean().sqrt()})

        return [Phase([Assign(em, ("mixture",), data="all")])]

    def sampler(self, task):
        def draw(nets, noise, c):
            m = nets["mixture"]
            k = torch.searchsorted(m.logits.softmax(0).cumsum(0), noise["k"]).clamp_max(self.components - 1)
            x = (m.centers[k] + m.log_scales[k, None].exp() * noise["x"]).unflatten(1, task.shape)
            return x.clamp(0, 1) if task.kind == "images" else x

        return Sampler(Draw({"k": Noise("uniform"), "x": Noise("normal", (task.dim,))}, draw))
