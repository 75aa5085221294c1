"""T13: the evidence lower bound never exceeds log p(x), and misses it by the posterior divergence."""

from __future__ import annotations

import pandas as pd
import torch

from genbench.claims import Budget, Claim, Experiment, Figure, Source, claims, drawing
from genbench.claims.designs.identities import Identity, cases
from genbench.ops.linear_gaussian import LinearVae, Posterior
from genbench.ops.variational import gaussian_kl, gaussian_log_density, reparameterise

EXACT = 1e-9
ERRORS = 4.5


def _holds(frame: pd.DataFrame) -> pd.Series[bool]:
    """Whether bound, gap and sampled bound are as the theory says."""
    gap = frame["log_p"] - frame["elbo"]
    scale = frame["log_p"].abs().clip(lower=1)
    exact = (gap >= -EXACT * scale) & ((gap - frame["divergence"]).abs() <= EXACT * scale)
    return exact & ((frame["sampled"] - frame["elbo"]).abs() <= ERRORS * frame["error"])


def figure(frame: pd.DataFrame) -> Figure:
    """The gap against the posterior divergence."""
    drawn, (ax,) = drawing.panels(1)
    gap = frame["log_p"] - frame["elbo"]
    shown = frame.index[:200]
    ax.plot(frame["divergence"][shown], gap[shown], ".", markersize=4)
    drawing.identity(ax, frame["divergence"].tolist())
    ax.set(xscale="log", yscale="log", xlabel="KL(q ‖ true posterior), nats", ylabel="log p(x) − ELBO, nats")
    return drawn


IDENTITY = Identity(
    _holds,
    "share of models whose bound and gap are as derived",
    figure,
    right={"log_p": -10.0, "elbo": -11.0, "divergence": 1.0, "sampled": -11.0, "error": 0.1},
    wrong={"elbo": -9.0, "sampled": -9.0},
)


@claims.register("T13", cite="kingma2014vae")
def elbo_is_a_bound() -> Claim:
    """The ELBO never exceeds log p(x)."""
    return Claim(
        id="T13",
        slug="elbo-is-a-bound",
        statement="For any encoder, reconstruction minus KL is at most log p(x); what is missing is the "
        "divergence of the encoder's posterior from the true one.",
        sources=(
            Source("L0", "Need a new formulation"),
            Source("L2", "Variational Autoencoders"),
            Source("L4", "Evidence Lower Bound (ELBO) Loss"),
        ),
        hypothesis="In linear Gaussian models, where log p(x) and the true posterior are known exactly, "
        "random encoders never exceed log p(x), and the gap equals the divergence of their posterior to "
        "rounding; the sampled bound that training uses has the same mean.",
        test="Share of random models and encoders on which gap ≥ −1e-9, |gap − KL(q‖posterior)| ≤ 1e-9 "
        "(relative) and the sampled bound is within 4.5 standard errors of the exact one, above .95 "
        "(binomial test, Wilson's interval).",
        lesson="The bound is always a bound, and its slack is known: it is what the encoder gets wrong. A "
        "better encoder tightens it without changing the model at all, so two ELBOs compare models only as "
        "far as their encoders are equally good.",
        evidence=Experiment(measure),
        fast=Budget(seeds=16, size=5_000),
        full=Budget(seeds=32, size=50_000),
        **IDENTITY.parts,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a model: seed, case, log_p, elbo, divergence, sampled, error, in nats; `size` is the draws."""
    return cases(_case, budget)


def _case(seed: int, case: int, draws: int) -> dict[str, float]:
    source = torch.Generator().manual_seed(1000 * seed + case)
    model, x = LinearVae.random(source)
    latent = model.weight.shape[1]
    q = Posterior(
        torch.randn(latent, generator=source, dtype=torch.float64),
        torch.randn(latent, generator=source, dtype=torch.float64),
    )
    noise = torch.randn(draws, latent, generator=source, dtype=torch.float64)
    z = reparameterise(q.mean, q.log_variance, noise)
    spread = torch.full_like(x, model.noise).log()
    fit = gaussian_log_density(x.expand(draws, -1), z @ model.weight.T + model.bias, spread)
    sampled = fit - gaussian_kl(q.mean, q.log_variance).sum()
    return {
        "log_p": float(model.log_density(x)),
        "elbo": float(model.elbo(x, q)),
        "divergence": float(model.divergence(x, q)),
        "sampled": float(sampled.mean()),
        "error": float(sampled.std()) / draws**0.5,
    }
