"""T13: the evidence lower bound never exceeds log p(x), and misses it by the posterior divergence."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Experiment, Source
from genbench.claims.designs.linear_vae import LinearVae, Posterior
from genbench.ops.variational import gaussian_kl, gaussian_log_density, reparameterise
from genbench.registry import claims
from genbench.types import Judgement, Standing

CASES = 8
"""Models a seed."""

EXACT = 1e-9
ERRORS = 4.5


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
        judge=judge,
        figure=figure,
        examples=examples,
    )


def measure(budget: Budget) -> pd.DataFrame:
    """A row a model: seed, case, log_p, elbo, divergence, sampled, error, in nats; `size` is the draws."""
    return pd.DataFrame(
        [_case(seed, case, budget.size) for seed in range(budget.seeds) for case in range(CASES)]
    )


def judge(frame: pd.DataFrame) -> Judgement:
    """Share of models on which bound, gap and sampled bound are as the theory says."""
    gap = frame["log_p"] - frame["elbo"]
    scale = frame["log_p"].abs().clip(lower=1)
    exact = (gap >= -EXACT * scale) & ((gap - frame["divergence"]).abs() <= EXACT * scale)
    sampled = (frame["sampled"] - frame["elbo"]).abs() <= ERRORS * frame["error"]
    unit = "share of models whose bound and gap are as derived"
    return decisions.share(exact & sampled, "above", 0.95, unit, seeds=frame["seed"].nunique())


def figure(frame: pd.DataFrame) -> Figure:
    """The gap against the posterior divergence."""
    drawn, (ax,) = drawing.panels(1)
    gap = frame["log_p"] - frame["elbo"]
    shown = frame.index[:200]
    ax.plot(frame["divergence"][shown], gap[shown], ".", markersize=4)
    drawing.identity(ax, frame["divergence"].tolist())
    ax.set(xscale="log", yscale="log", xlabel="KL(q ‖ true posterior), nats", ylabel="log p(x) − ELBO, nats")
    return drawn


def examples() -> Mapping[Standing, pd.DataFrame]:
    """A bound, something that exceeds log p(x), and too few models to say."""

    def made(cases: int, gap: float) -> pd.DataFrame:
        frame = pd.DataFrame({"seed": range(cases), "case": 0, "log_p": -10.0, "elbo": -10.0 - gap})
        return frame.assign(divergence=abs(gap), sampled=frame["elbo"], error=0.1)

    return {"supported": made(128, 1.0), "refuted": made(128, -1.0), "inconclusive": made(20, 1.0)}


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
        "seed": seed,
        "case": case,
        "log_p": float(model.log_density(x)),
        "elbo": float(model.elbo(x, q)),
        "divergence": float(model.divergence(x, q)),
        "sampled": float(sampled.mean()),
        "error": float(sampled.std()) / draws**0.5,
    }
