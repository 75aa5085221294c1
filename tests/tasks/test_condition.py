"""What examples are generated from: how models see it, in which order, and what is refused."""

from dataclasses import replace

import pytest
import torch

from genbench.engine.batches import Batches
from genbench.engine.spans import spans
from genbench.models.model import Batch, Loss, Phase, Update
from genbench.tasks.condition import Condition
from genbench.tasks.task import Task
from genbench.types import InputError, same_data

N, HELD = 12, 6


def task(condition: Condition | None = None) -> Task:
    x = torch.arange(2.0 * N).view(N, 2)
    return Task("t", "points", x, x[:HELD] + 0.5, (), condition=condition)


CLASSES = Condition("classes", torch.arange(N) % 3, torch.arange(HELD) % 3)
POINTS = Condition("points", torch.arange(4.0 * N).view(N, 4), torch.zeros(HELD, 4))
IMAGES = Condition("images", torch.full((N, 1, 2, 2), 255).byte(), torch.zeros(HELD, 1, 2, 2).byte())
TOKENS = Condition("tokens", torch.arange(5 * N).view(N, 5), torch.zeros(HELD, 5).long())
APART = Condition("points", torch.arange(100.0, 107.0)[:, None], torch.zeros(3, 1), paired=False)


@pytest.mark.parametrize(
    ("condition", "shape"),
    [(CLASSES, (3,)), (POINTS, (4,)), (IMAGES, (1, 2, 2)), (TOKENS, (5,)), (None, (0,))],
)
def test_models_see_every_kind_in_its_shape(condition, shape):
    given = task(condition)
    given.check()
    assert given.condition_shape == shape
    assert given.conditions(torch.zeros(2, 5, dtype=torch.long)).shape == (2, 5, *shape)
    assert given.conditions(None).shape == (N, *shape)
    assert given.asked(20).shape == (20, *shape)


def test_classes_are_one_hot_bytes_are_numbers_and_tokens_stay_integers():
    assert task(CLASSES).conditions(torch.tensor([4])).tolist() == [[0.0, 1.0, 0.0]]
    assert task(IMAGES).conditions(torch.tensor([0])).unique().tolist() == [1.0]
    assert task(TOKENS).conditions(torch.tensor([1])).tolist() == [[5, 6, 7, 8, 9]]
    assert not task(TOKENS).conditions(torch.tensor([1])).is_floating_point()


def test_samples_are_asked_for_held_out_conditions_in_one_fixed_order():
    rows = task(CLASSES).asked_rows(2 * HELD)
    assert sorted(rows[:HELD].tolist()) == list(range(HELD))
    assert torch.equal(rows[:HELD], rows[HELD:])
    assert torch.equal(rows[:4], task(CLASSES).asked_rows(4))
    assert torch.equal(task(CLASSES).asked(5).argmax(1), (torch.arange(HELD) % 3)[rows[:5]])


def seen(given: Task) -> Batch:
    """The batches of one epoch, seed 0."""
    update = Update(lambda nets, batch: Loss(batch.x.sum()), {})
    (span,) = spans([Phase([update])], 3)
    steps = Batches(given, [0], 4).steps(0, span, 0, 3)
    batches = [step.batch(0, update, 0) for step in steps]
    return Batch(*(torch.cat([getattr(b, part)[0] for b in batches]) for part in ("x", "c")))


def test_a_paired_condition_goes_with_its_example():
    batch = seen(task(POINTS))
    assert torch.equal(2 * batch.x[:, 0], batch.c[:, 0])
    assert sorted(batch.x[:, 0].tolist()) == [2.0 * i for i in range(N)]


def test_a_second_domain_has_an_order_and_a_length_of_its_own():
    batch = seen(task(APART))
    assert sorted(batch.c[:7, 0].tolist()) == [100.0 + i for i in range(7)]
    assert sorted(batch.x[:, 0].tolist()) == [2.0 * i for i in range(N)]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (replace(CLASSES, train=torch.arange(N - 1)), "are 11 for 12 examples"),
        (replace(CLASSES, train=torch.rand(N)), "not the whole numbers"),
        (replace(CLASSES, train=torch.arange(N) - 1), "not the whole numbers"),
        (replace(POINTS, held_out=torch.full((HELD, 4), torch.nan)), "held-out conditions of t hold NaN"),
        (replace(IMAGES, train=torch.zeros(N, 2)), "which no images have"),
        (replace(APART, train=torch.zeros(0, 1)), "give one each"),
    ],
)
def test_what_cannot_condition_a_task_is_refused_in_a_sentence(condition, said):
    with pytest.raises(InputError, match=said):
        task(condition).check()


def test_the_checksum_sees_conditions_labels_and_factors_behind_that_of_the_examples():
    plain = task()
    changed = replace(POINTS, train=POINTS.train + 1)
    labelled = replace(plain, train_labels=torch.zeros(N), held_out_labels=torch.zeros(HELD))
    factored = replace(plain, factors={"size": torch.arange(HELD)})
    others = [task(POINTS), task(changed), task(CLASSES), labelled, factored]
    checksums = [plain.checksum(), *(other.checksum() for other in others)]
    assert len(set(checksums)) == len(checksums)
    assert {checksum.partition("-")[0] for checksum in checksums} == {plain.checksum()}
    assert same_data(plain.checksum(), task(POINTS).checksum()), "a record of before knows the examples alone"
    assert not same_data(task(POINTS).checksum(), task(changed).checksum())


def test_all_of_a_condition_moves_to_a_device():
    moved = replace(task(CLASSES), factors={"size": torch.arange(HELD)}).to("cpu")
    assert moved.condition is not CLASSES
    assert torch.equal(moved.condition.train, CLASSES.train)
    assert torch.equal(moved.factors["size"], torch.arange(HELD))
