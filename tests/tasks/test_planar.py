import math
from collections.abc import Callable

import pytest
import torch

from genbench.registry import tasks
from genbench.tasks import Mixture, Task, gaussian, grid25, ring8, swissroll
from genbench.tasks.planar import HELD_OUT
from genbench.types import InputError

NAMES = ["gaussian", "grid25", "ring8", "swissroll"]


def small(name: str, **options: object) -> Task:
    return tasks[name].create(samples=2000, **options)


def mixture(task: Task) -> Mixture:
    assert isinstance(task.truth, Mixture)
    return task.truth


def distances(centers: torch.Tensor) -> torch.Tensor:
    return torch.pdist(centers.double())


def test_ring_has_eight_distinct_modes_evenly_on_the_unit_circle() -> None:
    centers = mixture(ring8(8)).centers
    assert centers.shape == (8, 2)
    assert torch.allclose(centers.norm(dim=1), torch.ones(8))
    assert distances(centers).min().item() == pytest.approx(2 * math.sin(math.pi / 8), abs=1e-6)


def test_ring_has_pacgans_width_and_equal_weights() -> None:
    truth = mixture(ring8(8))
    assert truth.sigma == 0.01
    assert torch.allclose(truth.weights, torch.full((8,), 1 / 8))


def test_grid_has_pacgans_modes() -> None:
    truth = mixture(grid25(25))
    assert {tuple(center) for center in truth.centers.tolist()} == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }
    assert truth.centers.shape == (25, 2)
    assert truth.sigma == 0.05


@pytest.mark.parametrize(("factory", "sigma"), [(ring8, 0.01), (grid25, 0.05)])
def test_a_perfect_sampler_meets_the_quality_ceiling(factory: Callable[[], Task], sigma: float) -> None:
    task = factory()
    near = torch.cdist(task.train, mixture(task).centers).min(1).values < 3 * sigma
    assert near.float().mean().item() == pytest.approx(1 - math.exp(-4.5), abs=0.001)  # .98889


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_every_mode_is_in_both_splits(split: str) -> None:
    for task in (ring8(2000), grid25(2000)):
        nearest = torch.cdist(getattr(task, split), mixture(task).centers).argmin(1)
        assert nearest.unique().tolist() == list(range(len(mixture(task).centers)))


def test_gaussian_has_the_moments_it_states() -> None:
    task = gaussian(correlation=0.5)
    covariance = torch.tensor([[1.0, 1.0], [1.0, 4.0]])
    factor = mixture(task).scale
    assert isinstance(factor, torch.Tensor)
    assert torch.allclose(factor @ factor.T, covariance)
    assert torch.allclose(task.train.mean(0), torch.tensor([1.0, -0.5]), atol=0.02)
    assert torch.allclose(task.train.T.cov(), covariance, atol=0.04)


def test_gaussian_offers_no_modes_to_count() -> None:
    task = gaussian(10)
    assert mixture(task).sigma is None
    assert task.metrics == ("sliced_wasserstein@2500",)


def test_swiss_roll_fills_its_radii() -> None:
    radius = swissroll(10_000).train.norm(dim=1) * 7.5
    assert radius.min().item() == pytest.approx(1.5 * math.pi, abs=1)
    assert radius.max().item() == pytest.approx(4.5 * math.pi, abs=1)


@pytest.mark.parametrize("name", NAMES)
def test_points_are_float32_of_the_size_asked(name: str) -> None:
    task = small(name)
    assert (task.name, task.kind, task.shape, task.dim) == (name, "points", (2,), 2)
    assert task.levels is None
    assert task.train.shape == (2000, 2)
    assert task.held_out.shape == (HELD_OUT, 2)
    assert task.train.dtype == task.held_out.dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_data_set_is_the_same_whatever_the_global_seed(name: str) -> None:
    torch.manual_seed(1)
    first = small(name).checksum()
    torch.manual_seed(2)
    assert small(name).checksum() == first


@pytest.mark.parametrize("name", NAMES)
def test_global_random_state_is_left_alone(name: str) -> None:
    before = torch.get_rng_state()
    small(name)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", NAMES)
def test_splits_share_no_point(name: str) -> None:
    task = tasks[name].create()
    train = {tuple(point) for point in task.train.tolist()}
    assert not train & {tuple(point) for point in task.held_out.tolist()}


@pytest.mark.parametrize("name", NAMES)
def test_held_out_points_do_not_depend_on_the_training_size(name: str) -> None:
    assert torch.equal(small(name).held_out, tasks[name].create(samples=1).held_out)


@pytest.mark.parametrize("name", NAMES)
def test_held_out_points_are_as_likely_as_training_points(name: str) -> None:
    task = tasks[name].create(samples=HELD_OUT)
    assert task.truth is not None
    train, held_out = task.truth.log_density(task.train), task.truth.log_density(task.held_out)
    error = math.hypot(train.std().item(), held_out.std().item()) / math.sqrt(HELD_OUT)
    assert train.mean().item() == pytest.approx(held_out.mean().item(), abs=4 * error)


@pytest.mark.parametrize(
    ("name", "options"),
    [("ring8", {"samples": 0}), ("gaussian", {"correlation": 1.0}), ("grid25", {"sample": 5})],
)
def test_bad_options_are_refused(name: str, options: dict[str, object]) -> None:
    with pytest.raises(InputError, match=name):
        tasks[name].create(**options)
