"""Partition functions against brute force, quadrature and each other."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genbench.ops.partition import (
    MOST_UNITS,
    LogPartition,
    RbmParameters,
    ais,
    log_odds,
    log_partition,
    reverse_ais,
    schedule,
)
from genbench.ops.rbm import free_energy
from genbench.types import InputError

RISE = torch.linspace(0, 1, 301, dtype=torch.float64).tolist()


def machine(v: int, h: int, scale: float = 1.0, seed: int = 0) -> RbmParameters:
    source = torch.Generator().manual_seed(seed)
    weight, b, c = (torch.randn(*shape, generator=source).double() for shape in ((v, h), (v,), (h,)))
    return RbmParameters(scale * weight, b, c)


def binary(units: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)), dtype=torch.float64)


def brute_force(m: RbmParameters) -> float:
    """Over all joint states, by the energy's definition."""
    v, h = binary(m.weight.shape[0]), binary(m.weight.shape[1])
    energy = (v @ m.visible_bias)[:, None] + h @ m.hidden_bias + v @ m.weight @ h.t()
    return float(torch.logsumexp(energy.flatten(), 0))


@given(v=st.integers(1, 7), h=st.integers(1, 7), seed=st.integers(0, 99), scale=st.floats(0, 20))
@settings(max_examples=40, deadline=None)
def test_enumeration_is_brute_force(v: int, h: int, seed: int, scale: float):
    m = machine(v, h, scale, seed)
    assert log_partition(m).value == pytest.approx(brute_force(m), rel=1e-12, abs=1e-12)


def test_enumeration_in_chunks_takes_the_smaller_layer():
    m = machine(300, 13, 0.3)
    turned = RbmParameters(m.weight.t(), m.hidden_bias, m.visible_bias)
    assert log_partition(m).value == pytest.approx(log_partition(turned).value, rel=1e-13)
    by_hand = torch.logsumexp(
        -free_energy(binary(13), turned.weight, turned.visible_bias, turned.hidden_bias, None), 0
    )
    assert log_partition(m).value == pytest.approx(float(by_hand), rel=1e-13)


def test_a_gaussian_machine_integrates_to_its_partition_function():
    m = machine(1, 4, 0.5)._replace(log_variance=torch.tensor([-0.7], dtype=torch.float64))
    line = torch.linspace(-30, 30, 60_001, dtype=torch.float64)[:, None]
    density = -free_energy(line, *m)
    by_quadrature = float(torch.logsumexp(density, 0)) + math.log(1e-3)
    assert log_partition(m).value == pytest.approx(by_quadrature, abs=1e-9)


def test_too_many_states_are_refused():
    with pytest.raises(InputError, match="use ais"):
        log_partition(machine(MOST_UNITS + 1, MOST_UNITS + 1))
    wide = machine(3, MOST_UNITS + 1)
    assert wide.enumerable
    assert not wide._replace(log_variance=torch.zeros(3)).enumerable


def test_exact_values_carry_their_kind():
    exact = log_partition(machine(3, 2))
    assert (exact.kind, exact.error, exact.low, exact.high) == ("exact", 0.0, exact.value, exact.value)


def test_ais_lies_within_its_own_three_sigma_of_the_exact_value():
    """At least 95 of 100 random machines of up to 20 hidden units."""
    inside = 0
    for seed in range(100):
        m = machine(10 + seed % 30, 1 + seed % 20, 0.1 + seed % 7 / 7, seed)
        found = ais(m, 50, RISE, generator=torch.Generator().manual_seed(seed))
        inside += found.low <= log_partition(m).value <= found.high
        assert found.high - found.low < 4
    assert inside >= 95


def exact_samples(m: RbmParameters, n: int, seed: int) -> torch.Tensor:
    states = binary(m.weight.shape[0])
    weights = torch.softmax(-free_energy(states, *m), 0)
    return states[
        torch.multinomial(weights, n, replacement=True, generator=torch.Generator().manual_seed(seed))
    ]


def test_forward_and_reverse_estimates_bracket_the_exact_value():
    """In the mean over machines: Jensen's inequality puts AIS below and reverse AIS above."""
    coarse, gaps = RISE[::15], []
    for seed in range(30):
        m = machine(10, 6, 1.5, seed)
        exact, source = log_partition(m).value, torch.Generator().manual_seed(seed)
        below = ais(m, 10, coarse, generator=source).value - exact
        above = reverse_ais(m, exact_samples(m, 10, seed), coarse, generator=source).value - exact
        gaps.append((below, above))
    below, above = torch.tensor(gaps).mean(0).tolist()
    assert -1 < below < 0 < above < 1


def test_reverse_ais_lies_within_three_sigma_from_exact_samples():
    inside = 0
    for seed in range(40):
        m = machine(12, 8, 0.8, seed)
        source = torch.Generator().manual_seed(seed)
        found = reverse_ais(m, exact_samples(m, 50, seed), RISE, generator=source)
        inside += found.low <= log_partition(m).value <= found.high
    assert inside >= 38


def test_a_base_fitted_to_the_data_narrows_the_interval():
    m = machine(40, 5, 0.1)
    m = m._replace(visible_bias=torch.linspace(-6, 6, 40, dtype=torch.float64))
    coarse = RISE[::30]
    fitted = ais(m, 50, coarse, base_bias=m.visible_bias)
    assert fitted.error < ais(m, 50, coarse).error / 3


def test_an_interval_that_reaches_zero_is_open():
    few = ais(machine(30, 20, 2.0), 2, [0.0, 1.0])
    assert few.low == -math.inf or few.error < 1 / 3
    assert few.high > few.value
    assert isinstance(few, LogPartition)


def test_the_usual_schedule():
    betas = schedule()
    assert len(betas) == 14_501
    assert betas == sorted(betas)
    assert [betas[i] for i in (0, 1, 500, 501, 4_500, 4_501, -1)] == [0, 0.001, 0.5, 0.5001, 0.9, 0.90001, 1]


def test_one_generator_one_value():
    m = machine(8, 4)
    assert ais(m, 5, RISE) == ais(m, 5, RISE)
    assert ais(m, 5, RISE).value != ais(m, 5, RISE, generator=torch.Generator().manual_seed(1)).value


def test_log_odds_keep_away_from_the_ends():
    assert log_odds(torch.tensor([0.0, 0.5, 1.0])).tolist() == pytest.approx(
        [-math.log(99), 0, math.log(99)], rel=1e-5
    )


@pytest.mark.parametrize(
    ("chains", "betas", "message"),
    [
        (1, RISE, "at least 2"),
        (5, [0.0, 0.5], "rise from 0 to 1"),
        (5, [0.0, 0.7, 0.3, 1.0], "rise"),
        (5, [0], "rise"),
    ],
)
def test_what_gives_no_interval_is_refused(chains: int, betas: list[float], message: str):
    with pytest.raises(InputError, match=message):
        ais(machine(4, 3), chains, betas)


def test_gaussian_machines_are_enumerated_not_annealed():
    m = machine(4, 3)._replace(log_variance=torch.zeros(4))
    with pytest.raises(InputError, match="binary visible units"):
        ais(m)
