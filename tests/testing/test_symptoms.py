"""What the second round of the corpus is labelled by, on cases whose answer is known."""

import math

import pytest
import torch
from torch import nn

from genbench.engine.ensemble import Ensemble
from genbench.models.kernel_density import Parzen
from genbench.ops.partition import RbmParameters
from genbench.testing.corpus_tasks import task_named
from genbench.testing.game import Game, upsampling
from genbench.testing.labels import LATER, RULES
from genbench.testing.mixing import relaxation
from genbench.testing.outcomes import Outcomes
from genbench.testing.replays import dead_share, waking
from genbench.testing.symptoms import copies, grid, needed_units


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_copies_are_told_from_fresh_draws():
    train, fresh = normal(50, 2), normal(2000, 2, seed=1)
    copied = copies(train.repeat(10, 1) + 1e-3 * normal(500, 2, seed=2), train, fresh)
    honest = copies(normal(500, 2, seed=3), train, fresh)
    assert max(copied.values()) < 0.1
    assert 0.8 < honest["copy"] < 1.25
    assert 0.8 < honest["close"] < 1.25


def test_uneven_overlap_shows_at_period_two_and_noise_does_not():
    assert grid(normal(500, 1, 14, 14))["peak"] == pytest.approx(1, abs=0.1)
    smooth = nn.functional.avg_pool2d(nn.functional.avg_pool2d(normal(500, 1, 16, 16), 2, 1), 2, 1)
    assert grid(smooth)["peak"] < 1.2
    torch.manual_seed(0)
    made = upsampling(16, (16,), (1, 14, 14), 3, nn.ReLU)(normal(500, 16)).detach()
    assert made.shape == (500, 1, 14, 14)
    assert grid(made)["peak"] > 1.5


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
def test_upsampling_doubles_the_side(kernel: int):
    assert upsampling(4, (8, 4), (3, 8, 8), kernel, nn.Tanh)(normal(5, 4)).shape == (5, 3, 8, 8)


def test_a_unit_is_dead_if_no_call_wakes_it():
    layer = nn.Sequential(nn.Linear(1, 3), nn.ReLU())
    layer[0].weight.data = torch.tensor([[1.0], [-1.0], [0.0]])
    layer[0].bias.data = torch.tensor([0.0, 0.0, -1.0])
    with waking([layer]) as awake:
        layer(torch.ones(4, 1))
        layer(-torch.ones(4, 1))
    assert dead_share(awake)["dead"] == pytest.approx(1 / 3)
    assert dead_share({}) == {}


def test_two_dimensions_need_two_units_and_digits_more():
    assert needed_units(task_named("ring8")) == 2
    assert 5 <= needed_units(task_named("digits")) <= 30


def test_relaxation_is_exact():
    """One visible and one hidden unit of weight w: λ₂ is the squared correlation of the pair."""
    machine = RbmParameters(torch.tensor([[2.0]]), torch.tensor([-1.0]), torch.tensor([-1.0]))
    joint = torch.tensor([[1.0, math.exp(-1)], [math.exp(-1), 1.0]]) / (2 + 2 * math.exp(-1))
    correlation = (joint[1, 1] - 0.25) / 0.25
    assert relaxation(machine) == pytest.approx(-1 / math.log(float(correlation) ** 2), rel=1e-4)
    weak, strong = (
        relaxation(RbmParameters(w * torch.ones(4, 4), -2 * w * torch.ones(4), -2 * w * torch.ones(4)))
        for w in (0.1, 4.0)
    )
    assert weak is not None
    assert strong is not None
    assert weak < 1 < 400 < strong
    assert relaxation(RbmParameters(torch.zeros(17, 2), torch.zeros(17), torch.zeros(2))) is None


def test_a_kernel_density_that_fits_its_own_points_is_labelled_a_copy():
    task = task_named("wide8-50")
    ensemble = Ensemble(Parzen(width=0.15, rate=0.5), task, (0, 1), 20, 16)
    state, outcomes = ensemble.initial(), Outcomes(task)
    before = outcomes.measure(ensemble, state)
    ensemble.advance(state, 20)
    after = outcomes.measure(ensemble, state)
    label = LATER["memorisation"]
    for rows, expected in ((before, False), (after, True)):
        own = {name: torch.tensor([value]).numpy() for seed, _, name, value in rows if seed == 1}
        assert label(own) is expected


def test_distance_counts_on_images():
    """Noise of the data's mean and variance is far from digits, although random directions hardly show it."""
    task = task_named("digits")
    outcomes = Outcomes(task)
    ensemble = Ensemble(Game(latent=4, hidden=(8,), gain=20.0), task, (0,), 20, 16)
    own = {name: value for _, _, name, value in outcomes.measure(ensemble, ensemble.initial())}
    assert own["fit"] > 2 * own["wasserstein"]
    real = task.train[:360].flatten(1)
    assert outcomes._fit(real, outcomes._fresh) < 0.15
    path = torch.tensor([own["fit"]] * 4).numpy()
    assert RULES["convergence_failure"]({"fit": path}) is True


def test_small_tasks_of_the_corpus():
    few = task_named("digits-50")
    assert few.name == "digits-50"
    assert few.train_labels is not None
    assert len(few.train) == len(few.train_labels) == 50
    poles, bars = task_named("poles"), task_named("bars4")
    assert 0.75 < float((poles.train.mean((1, 2, 3)) > 0.5).float().mean()) < 0.85
    rows = (bars.train.std(3) == 0).all(2).flatten()
    columns = (bars.train.std(2) == 0).all(2).flatten()
    assert bool((rows | columns).all())


def test_a_penalised_game_trains_and_its_gradients_are_replayed():
    task = task_named("grid9")
    game = Game(loss="wasserstein", penalty=0.1, hidden=(8,), critic_hidden=(8,))
    ensemble = Ensemble(game, task, (0,), 2, 8)
    state = ensemble.initial()
    ensemble.advance(state, 2)
    found = {name: value for _, _, name, value in Outcomes(task).measure(ensemble, state)}
    assert found["pull"] == pytest.approx(1), "the loss is linear in the scores"
