"""Random streams depend on their key and on nothing else."""

import torch

from genbench.engine.streams import DataOrder, draw, generator
from genbench.models.model import Noise

CPU = torch.device("cpu")


def test_a_key_always_gives_the_same_numbers():
    first = torch.randn(5, generator=generator(CPU, 3, "noise", 7))
    assert torch.equal(first, torch.randn(5, generator=generator(CPU, 3, "noise", 7)))


def test_different_keys_give_different_numbers():
    keys = [
        (3, "noise", 7),
        (3, "noise", 8),
        (4, "noise", 7),
        (3, "buffers", 7),
        (37, "noise"),
        (3, 7, "noise"),
    ]
    drawn = {tuple(torch.randn(4, generator=generator(CPU, *key)).tolist()) for key in keys}
    assert len(drawn) == len(keys)


def test_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    draw({"z": Noise("normal", (3,))}, [generator(CPU, 0)])
    DataOrder(0, 10, CPU).positions(0, 25)
    assert torch.equal(before, torch.random.get_rng_state())


def test_draws_follow_their_distribution():
    noises = {"z": Noise("normal", (2000,)), "u": Noise("uniform", (2000,))}
    drawn = draw(noises, [generator(CPU, 0), generator(CPU, 1)], lead=(3,))
    assert drawn["z"].shape == (2, 3, 2000)
    assert abs(drawn["z"].mean()) < 0.05
    assert abs(drawn["z"].std() - 1) < 0.05
    assert 0 <= drawn["u"].min() < drawn["u"].max() < 1
    assert abs(drawn["u"].mean() - 0.5) < 0.02


def test_every_epoch_shows_every_example_once():
    order = DataOrder(5, 10, CPU)
    seen = order.positions(0, 30).view(3, 10)
    for epoch in seen:
        assert epoch.sort().values.tolist() == list(range(10))
    assert not torch.equal(seen[0], seen[1])


def test_order_does_not_depend_on_how_it_is_read():
    whole = DataOrder(5, 10, CPU).positions(0, 40)
    pieces = DataOrder(5, 10, CPU)
    assert torch.equal(whole, torch.cat([pieces.positions(i, i + 4) for i in range(0, 40, 4)]))
    assert torch.equal(whole[17:33], DataOrder(5, 10, CPU).positions(17, 33))
