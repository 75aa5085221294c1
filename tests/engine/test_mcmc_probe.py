"""Looks at samples that are read from Markov chains."""

import torch

from genbench.engine import checkpoint
from genbench.engine.ensemble import Ensemble
from genbench.engine.mcmc_probe import CHAINS
from genbench.engine.sample_probe import Probe
from genbench.registry import models, tasks


def test_chains_go_on_from_look_to_look_and_through_a_checkpoint():
    """A run that is saved, read back and continued looks at the very chains of one that was not."""
    task = tasks["ring8"].create(samples=2000)
    runs = Ensemble(models["rbm"].create(hidden=8), task, (0, 1), 80, 16)
    state, probe, seen = runs.initial(), Probe(runs), []
    for tick in sorted(probe.looks):
        runs.advance(state, tick)
        seen.append(probe.read(state))
        if tick == 40:
            state = checkpoint.from_bytes(checkpoint.to_bytes(state, "key"), "state", "key", task.device)
            probe, before = Probe(runs), state.watched["chains"].clone()
    assert before.shape == (2, CHAINS, 8)
    assert not torch.equal(before, state.watched["chains"])
    whole, probe = runs.initial(), Probe(runs)
    for tick, then in zip(sorted(probe.looks), seen, strict=True):
        runs.advance(whole, tick)
        assert probe.read(whole) == then
    assert "chain/start_dependence" in seen[-1]
    assert "sample/starved_mass" in seen[0]
