"""Training from tick to tick: which ticks are left, which seeds go on, and why others do not."""

import pytest
import torch

from genbench.engine import resumption
from genbench.engine.placement import Placement, assemble
from genbench.engine.signals import FINITE
from genbench.engine.training import Training
from genbench.store import RunFolder
from genbench.suite import RunConfig
from genbench.types import Verdict

OPTIONS = {"width": 8, "latent": 2}
CONFIG = RunConfig(
    "test", "ring8", {"samples": 300}, "vae", OPTIONS, (3, 5), 10, 16, 1, stop_on=("convergence_failure",)
)
CPU = Placement(torch.device("cpu"))


@pytest.fixture
def training() -> Training:
    return Training.of(CONFIG, assemble(CONFIG, CPU), None, None)


def test_ticks_go_on_from_the_state(training: Training) -> None:
    assert list(training.ticks()) == list(range(1, 11))
    training.state.step = 7
    assert list(training.ticks()) == [8, 9, 10]


def test_ticks_end_with_the_last_seed(training: Training) -> None:
    seen = []
    for tick in training.ticks():
        seen.append(tick)
        training.state.step = tick
        if tick == 4:
            training.state.died[:] = 4
    assert seen == [1, 2, 3, 4]
    assert not training.any_alive


def test_advancing_gives_signals_by_seed_and_measures_the_cost_once(training: Training) -> None:
    signals = training.advance(2)
    assert signals[FINITE] == [1.0, 1.0]
    assert all(len(values) == 2 for values in signals.values())
    first = training.cost
    assert set(first) == {"peak_bytes", "flops"}
    training.advance(3)
    assert training.cost is first
    assert training.examples() == 3 * 16 * 2


def test_what_a_detector_stops_has_finite_numbers(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Verdict(5, "convergence_failure", "detected", "made up")
    monkeypatch.setattr("genbench.engine.training.diagnose", lambda trace, names: [found])
    training.state.step = 6
    training.stop_hopeless(None)
    assert training.failures() == {}
    training.stop_hopeless(object())  # type: ignore[arg-type]
    assert training.alive() == {3: True, 5: False}
    assert training.failures() == {5: "stopped at step 6, since convergence_failure was detected"}
    training.state.died[0] = 8
    assert training.failures()[3] == "loss or gradient not finite at step 9"
    assert training._finite() == [0.0, 1.0]


def test_an_empty_folder_has_nothing_to_go_on_from(tmp_path) -> None:
    assert resumption.resume(RunFolder(tmp_path), CONFIG.key, torch.device("cpu")) is None
