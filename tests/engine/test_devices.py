"""Which device and backend are chosen."""

import pytest
import torch

from genbench.engine.devices import choose_backend, choose_device
from genbench.registry import models
from genbench.testing import small_tasks
from genbench.types import InputError


def test_cuda_is_refused_where_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    with pytest.raises(InputError, match="no CUDA device"):
        choose_device("cuda")


def test_convolutions_loop_on_a_cpu():
    points, images = small_tasks()
    assert choose_backend("auto", models["dcgan"].create(), images) == "loop"
    assert choose_backend("auto", models["gan"].create(), images) == "batched"
    assert choose_backend("auto", models["gan"].create(), points) == "batched"
    assert choose_backend("batched", models["dcgan"].create(), images) == "batched"


def test_looking_at_nets_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    choose_backend("auto", models["gan"].create(), small_tasks()[0])
    assert torch.equal(before, torch.random.get_rng_state())
