"""Likelihood metrics against closed forms: enumerable machines, and a VAE that is linear and Gaussian."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from genbench.metrics import Subject, ais, log_partition, named
from genbench.models.dbn import DeepBeliefNet
from genbench.models.vae import Vae
from genbench.ops.rbm import free_energy
from genbench.registry import metrics
from genbench.tasks import Task, binary_digits, digits, gaussian
from genbench.types import Estimate

TASK = replace(binary_digits(), held_out=binary_digits().held_out[:60])


def subject(model, task: Task = TASK, scale: float = 1.0) -> Subject:
    torch.manual_seed(0)
    nets = model.nets(task)
    with torch.no_grad():
        for net in nets.values():
            for parameter in net.parameters():
                parameter.mul_(scale)
    return Subject(task, lambda n: task.to_float(task.held_out[:n]), model, nets)


def score(name: str, who: Subject) -> Estimate:
    metric = named(name)
    assert metric.refuses(who) is None
    return metric.estimate(who)


def exact(who: Subject) -> float:
    machine = who.nets["rbm0"].rbm_parameters().double()
    x = who.task.held_out.flatten(1).double()
    return float(-free_energy(x, *machine).mean()) - log_partition(machine).value


RBM = subject(DeepBeliefNet((6,)), scale=5.0)


def test_exact_is_exact_and_says_so():
    found = score("log_likelihood_exact@10k", RBM)
    assert found.value == pytest.approx(exact(RBM), rel=1e-10)
    assert (found.kind, found.n) == ("exact", 60)
    assert found.low < found.value < found.high


def test_annealed_estimates_surround_the_exact_value():
    forward, reverse = (score(f"log_likelihood_{way}@20", RBM) for way in ("ais", "reverse_ais"))
    assert forward.value == pytest.approx(exact(RBM), abs=0.2)
    assert reverse.value == pytest.approx(exact(RBM), abs=0.5)
    assert (forward.kind, reverse.kind) == ("upper bound", "estimate")


def test_bits_are_nats_turned_round():
    nats, bits = (score(f"log_likelihood_exact{suffix}@60", RBM) for suffix in ("", "_bits"))
    scale = -1 / (64 * math.log(2))
    expected = [scale * end for end in (nats.value, nats.high, nats.low)]
    assert [bits.value, bits.low, bits.high] == pytest.approx(expected)
    assert (bits.kind, named("iwae_bits@5").name, named("iwae_bits@5").better) == (
        "exact",
        "iwae_bits@5",
        "lower",
    )
    vae = subject(Vae(4, 16))
    assert score("elbo_bits@2", vae).kind == "upper bound"
    assert score("elbo@2", vae).kind == "lower bound"


def test_deep_bound_is_exact_for_a_net_that_is_a_machine_unrolled():
    who = subject(DeepBeliefNet((6, 64)), scale=5.0)
    bottom, top = who.nets["rbm0"], who.nets["rbm1"]
    with torch.no_grad():
        top.weight.copy_(bottom.weight.t())
        top.visible_bias.copy_(bottom.hidden_bias)
        top.hidden_bias.copy_(bottom.visible_bias)
    found = score("dbn_bound@2", who)
    assert found.value == pytest.approx(exact(who), abs=1e-6)
    assert found.kind == "lower bound"


def test_deep_bound_with_a_large_top_is_an_estimate(monkeypatch):
    monkeypatch.setattr("genbench.metrics.likelihood.ais", lambda m, n, **o: ais(m, n, [0.0, 0.5, 1.0], **o))
    who = subject(DeepBeliefNet((30, 30)))
    found = score("dbn_bound@50", who)
    assert found.kind == "estimate"
    assert -60 < found.value < -20


class Linear(nn.Module):
    """x = W z + b + noise; its encoder is the exact posterior, widened by `excess`."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, noise: float, excess: float) -> None:
        super().__init__()
        self.weight, self.bias, self.noise, self.excess = weight, bias, noise, excess
        precision = torch.eye(weight.shape[1]) + weight.t() @ weight / noise**2
        assert torch.allclose(precision, precision.diagonal().diag(), atol=1e-5)
        self.variance = 1 / precision.diagonal()

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = (x - self.bias) @ self.weight / self.noise**2 * self.variance
        return mean, (self.variance * self.excess).log().expand_as(mean)

    def decode_gaussian(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = z @ self.weight.t() + self.bias
        return mean, torch.full_like(mean, 2 * math.log(self.noise))


def linear(excess: float) -> tuple[Subject, float]:
    """A linear Gaussian VAE with orthogonal weights, and its exact mean log-likelihood."""
    task = gaussian(samples=10)
    task = replace(task, held_out=task.held_out[:500])
    weight, bias, noise = torch.tensor([[1.0, 0.5], [-0.5, 1.0]]), torch.tensor([1.0, -0.5]), 0.7
    covariance = weight @ weight.t() + noise**2 * torch.eye(2)
    truth = torch.distributions.MultivariateNormal(bias, covariance).log_prob(task.held_out).mean()
    nets = {"vae": Linear(weight, bias, noise, excess)}
    return Subject(task, lambda n: task.held_out[:n], Vae(latent=2), nets), float(truth)


def test_bounds_of_an_exact_posterior_are_the_log_likelihood():
    who, truth = linear(excess=1.0)
    for name in ("elbo@1", "iwae@1", "iwae@7"):
        assert score(name, who).value == pytest.approx(truth, abs=1e-4)


def test_importance_weights_close_the_gap_as_they_grow_in_number():
    who, truth = linear(excess=2.5)
    bound = score("elbo@200", who).value
    gap = sum((2.5 - 1 - math.log(2.5)) / 2 for _ in range(2))
    assert bound == pytest.approx(truth - gap, abs=0.05)
    values = [score(f"iwae@{k}", who).value for k in (1, 5, 50, 1000)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(truth, abs=0.01)


def test_draws_do_not_depend_on_how_they_are_cut(monkeypatch):
    who, truth = linear(excess=1.5)
    monkeypatch.setattr("genbench.metrics.likelihood._NUMBERS", 2000)
    assert score("iwae@64", who).value == pytest.approx(truth, abs=0.03)


@pytest.mark.parametrize(
    ("name", "who", "reason"),
    [
        ("log_likelihood_exact@10", subject(DeepBeliefNet((30,))), "too large"),
        ("log_likelihood_exact@10", subject(DeepBeliefNet((5, 5))), "dbn_bound"),
        ("dbn_bound@10", RBM, "log_likelihood_ais"),
        ("log_likelihood_ais@10", subject(DeepBeliefNet((5,)), digits()), "grey"),
        ("log_likelihood_ais@10", subject(DeepBeliefNet((5,)), gaussian(samples=50)), "binary visible"),
        ("elbo@10", subject(Vae(), digits()), "grey"),
        ("elbo@10", RBM, "importance weights"),
        ("log_likelihood_ais@10", subject(Vae()), "energy models"),
        ("active_units@10", RBM, "encoder"),
    ],
)
def test_refusals(name: str, who: Subject, reason: str):
    assert reason in named(name).refuses(who)


def test_gaussian_machines_have_an_exact_density():
    who = subject(DeepBeliefNet((6,)), gaussian(samples=500))
    found = score("log_likelihood_exact@500", who)
    machine = who.nets["rbm0"].rbm_parameters().double()
    energy = float(free_energy(who.task.held_out[:500].double(), *machine).mean())
    assert found.value == pytest.approx(-energy - log_partition(machine).value)
    real = float(who.task.truth.log_density(who.task.held_out.double()).mean())
    assert found.value < real


def test_every_likelihood_has_a_companion_in_bits():
    names = [name for name in metrics if name.endswith("_bits")]
    assert len(names) == 6
    assert all(metrics[name].options == metrics[name.removesuffix("_bits")].options for name in names)
    assert metrics["iwae_bits"].summary.startswith("−`iwae` in bits per dimension")
