"""What a model may also do, beside training and sampling; metrics and looks ask with `isinstance`."""

from __future__ import annotations

import abc
from collections.abc import Mapping

from torch import Tensor

from genbench.models.model import Draws, Nets, Noise
from genbench.ops.partition import RbmParameters
from genbench.tasks.task import Task


class Latent:
    """A model whose samples are a smooth map of the noise that its sampler starts from, in one pass.

    Such a latent space can be walked through. A Markov chain, a diffusion with fresh noise at each step, or a
    mixture whose noise picks a component has none.
    """


class MarkovChain(abc.ABC):
    """A model whose sampler's steps are sweeps of a Markov chain that should forget where it started."""

    @abc.abstractmethod
    def start_at(self, task: Task, nets: Nets, x: Tensor, noise: Draws) -> Tensor:
        """First state (n, …) of chains at data (n, *task.shape), from the noise of the sampler's start."""


class Density(abc.ABC):
    """A model whose log-density can be computed exactly."""

    @abc.abstractmethod
    def log_prob(self, task: Task, nets: Nets, x: Tensor, c: Tensor) -> Tensor:
        """log p(x | c) of examples (B, *task.shape), in nats, shape (B,); c is (B, 0) without conditions.

        A density of x in [0, 1] or in its own units; a probability if the task's data are binary and the
        model's are.
        """


class Translator:
    """A model whose samples are conditions carried over: c, an example of one domain, to x of the other."""


class Encoder(abc.ABC):
    """A model that maps data to codes with a Gaussian posterior q(z | x)."""

    @abc.abstractmethod
    def posterior(self, nets: Nets, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | x), each (B, latent)."""


class ImportanceWeighted(abc.ABC):
    """A model whose likelihood is the mean of weights w = p(x, z) / q(z | x), with z drawn from q."""

    @abc.abstractmethod
    def discrete(self, task: Task) -> bool:
        """Whether p(x) is a probability on binary data, instead of a density."""

    @abc.abstractmethod
    def weight_noise(self, task: Task) -> dict[str, Noise]:
        """What one weight of one example needs."""

    @abc.abstractmethod
    def log_weights(self, task: Task, nets: Nets, x: Tensor, noise: Draws) -> Tensor:
        """log w of examples (n, *task.shape), in nats, shape (draws, n), from noise (draws, n, *shape)."""


class EnergyModel(abc.ABC):
    """A stack of restricted Boltzmann machines, each on the hidden units of the one below."""

    @abc.abstractmethod
    def rbm_layers(self, nets: Nets) -> list[RbmParameters]:
        """The parameters of one seed's machines, bottom first. Data are flat for them, (B, V)."""


class Probed(abc.ABC):
    """A model that says more of its nets than its samples show; diagnosis reads it some fifty times a run."""

    @abc.abstractmethod
    def probe(self, task: Task, nets: Nets, real: Tensor, generated: Tensor) -> Mapping[str, Tensor]:
        """Scalars by signal name, from held-out data (n, *task.shape) and samples (m, *task.shape)."""
