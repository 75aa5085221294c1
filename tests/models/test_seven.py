"""Seven kinds of method that the package does not have keep the whole contract."""

from dataclasses import replace

import pytest
import torch
from seven import SEVEN, Alae, ConditionalGan, CycleGan, Diffusion, GaussianMixture, Pca, PixelCnn

from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import draw
from genbench.registry import tasks
from genbench.tasks.condition import Condition
from genbench.testing import MODEL_CHECKS, check_compiled_agrees, conditional_tasks, small_tasks

TASKS = [*small_tasks(), *conditional_tasks()]
CASES = [(model, task) for model in SEVEN for task in TASKS if model.refuses(task) is None]
FIRST = [next(case for case in CASES if case[0] is model) for model in SEVEN]


def named(value: object) -> str:
    return getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=named)
@pytest.mark.parametrize(("model", "task"), CASES, ids=named)
def test_contract(model, task, check):
    check(model, task)


@pytest.mark.parametrize(("model", "task"), FIRST, ids=named)
def test_compiled_updates_compute_the_same(model, task):
    check_compiled_agrees(model, task)


def trained(model, task, steps, batch=64, seeds=(0, 1)):
    runs = Ensemble(model, task, seeds, steps, batch)
    state = runs.initial()
    runs.advance(state, steps)
    return runs, state


@pytest.fixture(scope="module")
def ring():
    return tasks["ring8"].create(samples=2000)


def test_three_joint_updates_share_one_optimiser_state_a_player(ring):
    _, state = trained(Alae(), ring, 4)
    assert set(state.optimizers) == {"0.encoder", "0.critic", "0.mapping", "0.generator"}
    counts = {key: int(own["0.count"]) for key, own in state.optimizers.items()}
    assert counts == {"0.encoder": 8, "0.critic": 4, "0.mapping": 4, "0.generator": 8}


def test_a_conditional_gan_makes_what_it_is_asked_for(ring):
    """A mode is a class; most samples lie nearest to the mode that was asked for."""
    classes = [torch.cdist(x, ring.truth.centers).argmin(1) for x in (ring.train, ring.held_out)]
    task = replace(ring, condition=Condition("classes", *classes))
    runs, state = trained(ConditionalGan(width=64), task, 800)
    reached = torch.cdist(draw(runs, state, 500, "bank"), ring.truth.centers.expand(2, -1, -1)).argmin(2)
    asked = task.asked(500).argmax(1)
    assert (reached == asked).float().mean() > 0.7


def test_an_unpaired_translation_carries_one_cloud_over_to_the_other(ring):
    moved = [0.5 * x + 1 for x in (ring.train.flip(0)[:1500], ring.held_out)]
    task = replace(ring, condition=Condition("points", *moved, paired=False))
    runs, state = trained(CycleGan(width=64, cycle=1.0), task, 1000)
    x = draw(runs, state, 500, "bank")
    assert (x.mean(1) - ring.held_out.mean(0)).norm(dim=1).max() < 0.4
    assert (x.std(1) / ring.held_out.std(0)).sub(1).abs().max() < 0.4


def test_pixels_are_drawn_one_after_the_other():
    digits = tasks["digits"].create()
    runs, state = trained(PixelCnn(), replace(digits, train=digits.train[:500]), 150, 32)
    ink = draw(runs, state, 100, "bank").mean((1, 2, 3, 4))
    data = digits.to_float(digits.train).round().mean()
    assert (ink - data).abs().max() < 0.12


def test_averaged_weights_follow_and_lag(ring):
    runs, state = trained(Diffusion(decay=0.5), ring, 1)
    start = runs.initial().players
    half = (state.players["denoiser"] + start["average"]) / 2
    torch.testing.assert_close(state.players["average"], half)


def sliced_distance(x, y, directions=32):
    """Mean W1 distance of projections of points (n, 2) and (m, 2) on even directions."""
    angles = torch.arange(directions) * torch.pi / directions
    lines, n = torch.stack([angles.cos(), angles.sin()]), min(len(x), len(y))
    return ((x[:n] @ lines).sort(0).values - (y[:n] @ lines).sort(0).values).abs().mean().item()


def test_diffusion_finds_the_ring(ring):
    """Its samples are near the data; those of untrained nets are not."""
    runs, state = trained(Diffusion(width=64, decay=0.99, levels=18), ring, 1500, 128)
    for trained_samples, first in zip(
        draw(runs, state, 500, "bank"), draw(runs, runs.initial(), 500, "bank"), strict=True
    ):
        assert sliced_distance(trained_samples, ring.held_out) < 0.1
        assert sliced_distance(first, ring.held_out) > 0.2


def test_the_likelihood_of_em_never_falls(ring):
    runs = Ensemble(GaussianMixture(8), ring, (0, 1), 20, 16)
    state = runs.initial()
    course = [runs.advance(state, step).read()["mixture/log_likelihood"] for step in range(1, 21)]
    rises = torch.tensor(course).diff(dim=0)
    assert rises.min() > -1e-4
    assert rises.sum() > 0.1
    assert runs.examples(20) == 20 * len(ring.train)


def test_pca_is_the_decomposition_after_one_step(ring):
    runs, state = trained(Pca(2), ring, 5)
    axes = runs.nets(state, 0)["pca"].axes
    covariance = torch.cov(ring.train.T, correction=0)
    torch.testing.assert_close(axes.T @ axes, covariance, rtol=1e-4, atol=1e-5)
