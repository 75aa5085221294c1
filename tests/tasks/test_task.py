from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from task_files import labels
from torch import Tensor

from genbench.tasks import Mixture, SwissRoll, Task, Truth, equal_mixture, swiss_roll
from genbench.types import InputError


def task(**changes: Any) -> Task:
    points = torch.arange(12.0).reshape(6, 2)
    whole = Task(
        "points",
        "points",
        points,
        points + 100,
        ("modes@2500",),
        train_labels=torch.arange(6),
        held_out_labels=-torch.arange(6),
    )
    return replace(whole, **changes)


def test_shape_and_dim_are_of_one_example() -> None:
    images = task(train=torch.zeros(5, 3, 8, 4))
    assert images.shape == (3, 8, 4)
    assert images.dim == 96


def test_unit_scales_bytes_and_leaves_the_stored_ones_alone() -> None:
    stored = torch.tensor([0, 51, 255], dtype=torch.uint8)
    assert torch.equal(task().to_float(stored), torch.tensor([0.0, 0.2, 1.0]))
    assert stored.tolist() == [0, 51, 255]


def test_unit_passes_floats_through() -> None:
    stored = torch.tensor([-3.0, 0.5, 7.0])
    assert torch.equal(task().to_float(stored), stored)


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_checksum_sees_one_changed_number_in_either_split(split: str) -> None:
    changed = getattr(task(), split).clone()
    changed[3, 1] += 1
    assert task(**{split: changed}).checksum() != task().checksum()


def test_checksum_tells_types_and_shapes_of_equal_bytes_apart() -> None:
    checksums = {
        task(train=torch.zeros(4, 2)).checksum(),
        task(train=torch.zeros(2, 4)).checksum(),
        task(train=torch.zeros(4, 2, dtype=torch.int32)).checksum(),
    }
    assert len(checksums) == 3


def test_checksum_is_that_of_the_content_not_of_the_layout() -> None:
    columns = torch.arange(12.0).reshape(2, 6)
    assert task(train=columns.T).checksum() == task(train=columns.T.contiguous()).checksum()


def test_to_moves_every_tensor_and_keeps_the_rest() -> None:
    moved = task(truth=equal_mixture(torch.eye(2), 0.1)).to("meta")
    tensors = (moved.train, moved.held_out, *labels(moved))
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert moved.classifier is None
    assert moved.metrics == ("modes@2500",)


def test_to_leaves_the_original_where_it_was() -> None:
    truth = equal_mixture(torch.eye(2), 0.1)
    original = task(truth=truth)
    original.to("meta")
    assert original.truth is truth
    assert original.device.type == truth.centers.device.type == "cpu"


def test_to_moves_the_truth() -> None:
    truth = task(truth=equal_mixture(torch.eye(2), 0.1)).to("meta").truth
    assert isinstance(truth, Mixture)
    assert truth.centers.device.type == truth.weights.device.type == "meta"
    assert truth.sigma == 0.1


def test_to_moves_a_truth_within_a_truth() -> None:
    truth = swiss_roll(16).to("meta")
    assert isinstance(truth, SwissRoll)
    assert truth.quadrature.centers.device.type == "meta"


def test_to_serves_a_truth_of_another_package() -> None:
    @dataclass
    class Uniform(Truth):
        low: Tensor

        def log_density(self, x: Tensor) -> Tensor:
            return torch.where((x >= self.low).all(1), 0.0, -torch.inf)

        def draw(self, n: int, generator: torch.Generator) -> Tensor:
            return self.low + torch.rand(n, len(self.low), generator=generator)

    assert Uniform(torch.zeros(2)).to("meta").low.device.type == "meta"


@pytest.mark.parametrize("device", ["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def test_a_moved_truth_draws_and_weighs_the_same_points(device: str) -> None:
    here = equal_mixture(torch.eye(2), 0.1)
    there = here.to(device)
    points = there.draw(100, torch.Generator().manual_seed(4))
    assert points.device.type == device
    assert torch.equal(points.cpu(), here.draw(100, torch.Generator().manual_seed(4)))
    assert torch.allclose(there.log_density(points).cpu(), here.log_density(points.cpu()), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "shape"), [("points", (1,)), ("points", (1, 8, 8)), ("images", (2,)), ("images", (4, 8, 8))]
)
def test_what_no_picture_shows_is_refused_before_training(kind: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="of points have the shape"):
        task(kind=kind, train=torch.zeros(6, *shape), held_out=torch.zeros(6, *shape)).check()
