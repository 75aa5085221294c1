"""Checkpoints come back bit for bit, or are refused."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from genbench.engine import checkpoint
from genbench.store import RunFolder
from genbench.testing import ensemble, small_tasks
from genbench.types import InputError

CPU = torch.device("cpu")


@pytest.fixture
def state():
    runs = ensemble("gan", small_tasks()[0], (0, 1))
    state = runs.initial()
    runs.advance(state, 3)
    return state


def test_round_trip(state):
    back = checkpoint.from_bytes(checkpoint.to_bytes(state, "abc"), "state", "abc", CPU)
    assert (back.step, back.seconds) == (state.step, state.seconds)
    assert back.optimizers.keys() == state.optimizers.keys()
    for name, moments in state.optimizers.items():
        for key, value in moments.items():
            assert torch.equal(back.optimizers[name][key], value)
    assert torch.equal(back.died, state.died)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-9], lambda b: b"", lambda b: b"\xff" * 64, lambda b: b[:20]]
)
def test_damaged_files_are_refused(state, damage):
    with pytest.raises(InputError, match=r"state\.safetensors is damaged .*delete it"):
        checkpoint.from_bytes(damage(checkpoint.to_bytes(state, "abc")), "state.safetensors", "abc", CPU)


def test_another_configuration_is_refused(state):
    with pytest.raises(InputError, match="another configuration"):
        checkpoint.from_bytes(checkpoint.to_bytes(state, "abc"), "state", "xyz", CPU)


def test_any_flipped_bit_is_noticed_or_harmless(state):
    """Every 61st bit of the file; padding of the header is all that may be flipped unnoticed."""
    sound = checkpoint.to_bytes(state, "abc")
    start, noticed, flips = 8 + int.from_bytes(sound[:8], "little"), 0, range(0, 8 * len(sound), 61)
    for bit in flips:
        data = bytearray(sound)
        data[bit // 8] ^= 1 << bit % 8
        try:
            back = checkpoint.from_bytes(bytes(data), "state", "abc", CPU)
        except InputError:
            noticed += 1
        else:
            assert bit // 8 < start
            assert (back.step, back.seconds) == (state.step, state.seconds)
            assert_close(vars(back), vars(state), rtol=0, atol=0)
    assert noticed > 0.9 * len(flips)


def test_the_checkpoint_before_is_used_if_the_last_is_damaged(state, tmp_path, caplog):
    folder = RunFolder(tmp_path)
    folder.write_state(checkpoint.to_bytes(state, "abc"), last=False)
    folder.write_state(checkpoint.to_bytes(replace(state, step=9), "abc"), last=False)
    assert checkpoint.newest(folder, "abc", CPU).step == 9
    folder.state_path.write_bytes(folder.state_path.read_bytes()[:-5])
    assert checkpoint.newest(folder, "abc", CPU).step == 3
    assert "state.safetensors is damaged" in caplog.text
    assert "going on from step 3" in caplog.text
    folder.state_path.unlink()  # as when a writer dies between its two renames
    assert checkpoint.newest(folder, "abc", CPU).step == 3
    (tmp_path / "state.previous.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match=r"state\.previous\.safetensors is damaged"):
        checkpoint.newest(folder, "abc", CPU)


def test_the_last_checkpoint_of_a_run_is_kept_alone(state, tmp_path):
    folder = RunFolder(tmp_path)
    for last in (False, False, True):
        folder.write_state(checkpoint.to_bytes(state, "abc"), last)
    assert [path.name for path in tmp_path.iterdir()] == ["state.safetensors"]
    assert checkpoint.newest(RunFolder(tmp_path / "absent"), "abc", CPU) is None
