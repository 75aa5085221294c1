"""Autoencoders on digits that differ in the terms of their loss, shared by several claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from genbench.claims.designs.final_scores import final_scores
from genbench.engine.trained import Reopened, reopened
from genbench.models.vae import Vae
from genbench.store import Results

KINDS: Mapping[str, Mapping[str, Any]] = {
    "autoencoder": {"beta": 0.0, "deterministic": True},
    "KL alone": {"reconstruction": 0.0},
    "VAE": {},
}


def kind(options: Mapping[Any, Any]) -> str:
    """Which of `KINDS` a run is, from its options."""
    if options["deterministic"]:
        return "autoencoder"
    return "VAE" if options["reconstruction"] else "KL alone"


def ended_by_kind(results: Results) -> pd.DataFrame:
    """Last scores with the columns variant, score (Fréchet distance), coverage and active besides."""
    frame = final_scores(results, ["deterministic", "reconstruction", "latent"])
    names = {"frechet_lenet@1k": "score", "coverage_lenet@1k": "coverage", "active_units@1k": "active"}
    return frame.assign(variant=[kind(row) for row in frame.to_dict("records")]).rename(columns=names)


def codes(results: Results) -> Iterator[tuple[Reopened, int, Tensor, Tensor]]:
    """For each run and seed: the run, the seed, mean and log-variance of q(z | x) of held-out data."""
    for run in reopened(results):
        model, task = run.ensemble.model, run.ensemble.task
        assert isinstance(model, Vae)
        for row, seed in enumerate(run.ensemble.seeds):
            with torch.no_grad():
                mean, log_variance = model.posterior(run.nets[row], task.to_float(task.held_out))
            yield run, seed, mean, log_variance
