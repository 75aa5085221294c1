"""Gaussian machines that learn their noise: the contract, bounds, and what they learn."""

import pytest
import torch

from genbench.engine.ensemble import Ensemble
from genbench.engine.sampling import draw
from genbench.models.dbn import DeepBeliefNet
from genbench.ops.partition import log_partition
from genbench.tasks.task import Task
from genbench.testing import MODEL_CHECKS, check_compiled_agrees, small_tasks

POINTS, IMAGES = small_tasks()
LEARNED = DeepBeliefNet(
    (6, 5), learned_noise=True, visible_noise=0.01, gaussian_rate=1e-5, sampling_sweeps=3, noise_rate=0.01
)


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", [POINTS, IMAGES], ids=lambda task: task.name)
def test_contract(task, check):
    check(LEARNED, task)


def test_compiled_agrees():
    check_compiled_agrees(LEARNED, POINTS)


def test_images_have_no_noise_to_learn():
    assert LEARNED.nets(IMAGES)["rbm0"].log_variance is None
    assert not LEARNED.phases(IMAGES)[0].updates[0].project
    assert "rbm1" not in LEARNED.phases(POINTS)[1].updates[0].project


def test_the_start_is_that_of_the_fixed_machine():
    """The same weights and variances; log σ² comes last, where its own rate and bounds look for it."""
    nets = []
    for learned in (False, True):
        torch.manual_seed(0)
        nets.append(DeepBeliefNet((4,), learned_noise=learned).nets(POINTS)["rbm0"])
    fixed, learned = nets
    assert torch.equal(fixed.log_variance, learned.log_variance)
    assert torch.equal(fixed.weight, learned.weight)
    assert list(dict(learned.named_parameters()))[-1] == "log_variance", (
        "its rate and bounds are the last ones'"
    )


def gaussian(variance: float) -> Task:
    """One Gaussian, so that with weights of zero its variance is the machine's."""
    torch.manual_seed(0)
    train = variance**0.5 * torch.randn(20_000, 2)
    return Task("gaussian", "points", train, train[:1000], ())


def noise_after(steps: int, **options: float) -> torch.Tensor:
    """σ² of every seed, as a share of the data's variance; weights are near zero throughout."""
    task = gaussian(4.0)
    model = DeepBeliefNet((1,), learned_noise=True, gaussian_rate=0.0, decay=0.0, **options)
    runs = Ensemble(model, task, (0, 1), steps, 256)
    state = runs.initial()
    state.players["rbm0"][:, :5] = 0  # weights and biases: hidden units say nothing of the data
    runs.advance(state, steps)
    return state.players["rbm0"][:, -2:].exp() / task.train.var(0)


def test_a_machine_without_weights_learns_the_datas_variance():
    found = noise_after(600, visible_noise=8.0, noise_rate=0.02)
    torch.testing.assert_close(found, torch.ones(2, 2), atol=0.1, rtol=0)


def test_noise_stays_within_its_bounds():
    assert noise_after(200, visible_noise=0.3, noise_rate=0.05).max() == pytest.approx(0.3, rel=1e-4)
    assert noise_after(1, visible_noise=8.0, noise_rate=1e3, least_noise=2.0).min() >= 2 * (1 - 1e-4)


def test_a_learned_machine_keeps_all_modes_and_draws_them_narrower():
    """Four points, against the same machine with the noise that the learned one starts from."""
    torch.manual_seed(0)
    centres = torch.cartesian_prod(torch.tensor([-1.0, 1.0]), torch.tensor([-1.0, 1.0]))
    task = Task("four", "points", centres[torch.arange(4000) % 4] + 0.02 * torch.randn(4000, 2), centres, ())
    good = []
    for learned in (False, True):
        model = DeepBeliefNet(
            (128,), learned_noise=learned, visible_noise=0.002, gaussian_rate=2e-5, sampling_sweeps=100
        )
        runs = Ensemble(model, task, (1000, 1001), 1500, 64)
        state = runs.initial()
        runs.advance(state, 1500)
        distance, nearest = torch.cdist(draw(runs, state, 1000, "bank"), centres.expand(2, 4, 2)).min(2)
        assert min(torch.bincount(own, minlength=4).min() for own in nearest) > 50
        good.append((distance < 0.06).float().mean(1))
    assert (good[1] > 2 * good[0]).all(), good


def test_partition_function_takes_the_learned_noise():
    """Against a sum over a grid of the plane."""
    runs = Ensemble(LEARNED, POINTS, (0,), 1, 32)
    state = runs.initial()
    state.players["rbm0"][:, -2:] += torch.tensor([0.7, 1.5])
    nets = runs.nets(state, 0)
    (machine, _) = LEARNED.rbm_layers(nets)
    side = torch.linspace(-4, 4, 1601)
    free = nets["rbm0"].free_energy(torch.cartesian_prod(side, side)).detach().double()
    summed = torch.logsumexp(-free, 0) + 2 * torch.log(side[1] - side[0])
    assert log_partition(machine).value == pytest.approx(float(summed), abs=1e-3)


def test_what_contradicts_itself_is_refused():
    assert "centred" in DeepBeliefNet(learned_noise=True, offset_rate=0.1).refuses(POINTS)
    assert DeepBeliefNet(learned_noise=True, offset_rate=0.1).refuses(IMAGES) is None
    assert "least" in DeepBeliefNet(learned_noise=True, least_noise=0.2).refuses(POINTS)
