"""GAN whose nets are told the condition (Mirza & Osindero 2014, arXiv:1411.1784)."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from genbench.models.capabilities import Latent
from genbench.models.model import Draw, Loss, Model, Noise, Phase, Sampler, Update
from genbench.nn.mlp import dense_critic, dense_generator
from genbench.ops.adversarial import logistic_critic, non_saturating
from genbench.ops.optim import adam
from genbench.registry import models


@models.register("conditional-gan")
@dataclass(frozen=True)
class ConditionalGan(Model, Latent):
    """GAN whose nets see the condition beside noise and data; a plain one where there is none."""

    latent: int = 8
    width: int = 64
    rate: float = 1e-3

    def nets(self, task):
        given = math.prod(task.condition_shape)
        output = nn.Sigmoid() if task.kind == "images" else nn.Identity()
        generator = dense_generator(self.latent + given, task.shape, self.width, 2, output)
        return {"generator": generator, "critic": dense_critic((task.dim + given,), self.width, 2)}

    def generate(self, nets, noise, c):
        return nets["generator"](torch.cat([noise["z"], c.flatten(1)], 1))

    def phases(self, task):
        def scores(nets, batch, x):
            return nets["critic"](torch.cat([x.flatten(1), batch.c.flatten(1)], 1))

        def critic(nets, batch):
            fake = self.generate(nets, batch.noise, batch.c)
            value = logistic_critic(scores(nets, batch, batch.x), scores(nets, batch, fake))
            return Loss(value, {"critic/loss": value})

        def generator(nets, batch):
            value = non_saturating(scores(nets, batch, self.generate(nets, batch.noise, batch.c)))
            return Loss(value, {"generator/loss": value})

        objectives, noise = {"critic": critic, "generator": generator}, self.sampler(task).start.noise
        return [Phase([Update(f, {name: adam(self.rate)}, noise) for name, f in objectives.items()])]

    def sampler(self, task):
        return Sampler(Draw({"z": Noise("normal", (self.latent,))}, self.generate))
