"""Checkpoints come back bit for bit, or are refused."""

import pytest
import torch

from genbench.engine import checkpoint
from genbench.testing import ensemble, small_tasks
from genbench.types import InputError

CPU = torch.device("cpu")


@pytest.fixture
def state():
    runs = ensemble("gan", small_tasks()[0], (0, 1))
    state = runs.initial()
    runs.advance(state, 3)
    return state


def test_round_trip(state, tmp_path):
    path = tmp_path / "state.safetensors"
    path.write_bytes(checkpoint.to_bytes(state, "abc"))
    back = checkpoint.read(str(path), "abc", CPU)
    assert (back.step, back.seconds) == (state.step, state.seconds)
    assert back.optimizers.keys() == state.optimizers.keys()
    for name, moments in state.optimizers.items():
        for key, value in moments.items():
            assert torch.equal(back.optimizers[name][key], value)
    assert torch.equal(back.died, state.died)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-9], lambda b: b"", lambda b: b"\xff" * 64, lambda b: b[:20]]
)
def test_damaged_files_are_refused(state, tmp_path, damage):
    path = tmp_path / "state.safetensors"
    path.write_bytes(damage(checkpoint.to_bytes(state, "abc")))
    with pytest.raises(InputError, match=r"state\.safetensors is damaged .*delete it"):
        checkpoint.read(str(path), "abc", CPU)


def test_another_configuration_is_refused(state, tmp_path):
    path = tmp_path / "state.safetensors"
    path.write_bytes(checkpoint.to_bytes(state, "abc"))
    with pytest.raises(InputError, match="another configuration"):
        checkpoint.read(str(path), "xyz", CPU)
