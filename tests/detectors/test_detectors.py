"""Each detector on traces made by hand: fires, is silent, does not apply, has too little, dates it."""

import numpy as np
import pandas as pd
import pytest
from traces_by_hand import CHAIN, EARLIER, EARLIER_VAE, GAN, LOOKS, STEPS, VAE, since, trace

from genbench.registry import detectors
from genbench.types import Trace

WALK = np.cos(np.arange(LOOKS) * 2.0)
ENERGY = GAN["sample/energy_distance"]
FAILING = {
    "mode_collapse": (GAN, {"sample__starved_mass": since(20, 0.6, 0.0)}, 20),
    "convergence_failure": (
        GAN,
        {"sample__energy_distance": np.where(np.arange(LOOKS) < 20, ENERGY, 0.9)},
        20,
    ),
    "vanishing_gradient": (GAN, {"generator__score_gradient": since(20, 1e-4, 0.9)}, 20),
    "exploding_gradient": (GAN, {"critic__grad_norm": since(20, 1e6, 1.0)}, 20),
    "oscillation": (GAN, {"sample__centroid_0": np.where(np.arange(LOOKS) < 20, 0.0, WALK)}, 20),
    "discriminator_overpowering": (
        GAN,
        {"critic__auc": since(20, 1.0, 0.7), "sample__energy_distance": 0.5},
        20,
    ),
    "posterior_collapse": (VAE, {"vae__code_use": since(20, 1.0, 4.0)}, 20),
    "inactive_units": (VAE, {"vae__carrying_units": since(20, 2.0, 8.0)}, 20),
    "memorisation": (GAN, {"sample__copy_distance": since(20, 0.3, 1.0)}, 20),
    "chain_not_mixing": (CHAIN, {"chain__start_dependence": since(20, 1.5, 0.0)}, 20),
    "dead_units": (GAN, {"generator__dead_units": since(20, 1.1, 0.2)}, 20),
    "checkerboard": (GAN, {"sample__grid_peak": since(20, 4.0, 1.0)}, 20),
}
OLDER = {
    "mode_collapse": (EARLIER, {"sample__missing_mass": since(20, 0.6, 0.0)}, 20),
    "inactive_units": (EARLIER_VAE, {"vae__inactive_share": since(20, 0.98, 0.1)}, 20),
    "memorisation": (EARLIER, {"sample__copying": since(20, 0.95, 0.5)}, 20),
    "checkerboard": (EARLIER, {"sample__checkerboard": since(20, 40.0, 1.0)}, 20),
}
"""Rules that stand in where a log lacks the signal of a better one."""
CASES = [*FAILING.items(), *OLDER.items()]


def verdict(name: str, made: Trace):
    (only,) = detectors[name].create()(made)
    return only


def test_every_detector_is_tested():
    assert set(FAILING) == set(detectors)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_fires_and_dates_the_onset(name, case):
    kind, changes, look = case
    found = verdict(name, trace(kind, **changes))
    assert found.verdict == "detected"
    assert found.remedy
    assert found.evidence
    clean, bad = found.onset
    assert clean < bad
    assert abs(bad - STEPS[look]) <= 2 * (STEPS[1] - STEPS[0])


@pytest.mark.parametrize(("name", "case"), CASES)
def test_silent_on_health(name, case):
    kind, _, _ = case
    for seed in range(20):
        found = verdict(name, trace(kind, seed=seed))
        assert found.verdict == "clear"
        assert found.onset is None


@pytest.mark.parametrize("name", FAILING)
def test_not_applicable_without_its_signals(name):
    other = {"someone/loss": 1.0}
    found = verdict(name, trace(other))
    assert found.verdict == "not applicable"
    assert "/" in found.evidence  # it names the signals it needs


@pytest.mark.parametrize("name", sorted(set(FAILING) - {"exploding_gradient"}))
def test_too_few_looks_are_no_evidence(name):
    kind, changes, _ = FAILING[name]
    looks = 1 if name == "chain_not_mixing" else 2
    assert verdict(name, trace(kind, looks=looks, **changes)).verdict == "insufficient evidence"


@pytest.mark.parametrize(
    "name", ["mode_collapse", "convergence_failure", "vanishing_gradient", "posterior_collapse", "dead_units"]
)
def test_what_is_over_is_not_reported(name):
    kind, changes, _ = FAILING[name]
    over = {
        signal: np.where(
            np.arange(LOOKS) < 30, values, np.broadcast_to(kind[signal.replace("__", "/")], LOOKS)
        )
        for signal, values in changes.items()
    }
    assert verdict(name, trace(kind, **over)).verdict == "clear"


def test_a_seed_that_breaks_is_dated_by_one_look():
    found = verdict("exploding_gradient", trace(GAN, run__finite=since(33, 0.0, 1.0)))
    assert (found.verdict, found.subtype, found.onset) == ("detected", "not finite", (660, 680))


def test_a_spike_that_recovers_is_no_explosion():
    spike = np.ones(LOOKS)
    spike[25] = 1e8
    assert verdict("exploding_gradient", trace(GAN, critic__grad_norm=spike)).verdict == "clear"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("static", {}),
        ("rotating", {"sample__centroid_0": WALK}),
        ("total", {"sample__top_bin": 1.0}),
    ],
)
def test_kinds_of_collapse(kind, changes):
    found = verdict("mode_collapse", trace(GAN, sample__starved_mass=0.8, **changes))
    assert (found.verdict, found.subtype) == ("detected", kind)


def test_samples_far_from_the_data_are_no_collapse():
    for far in (
        trace(GAN, sample__starved_mass=0.8, sample__in_reach=0.05),
        trace(EARLIER, sample__missing_mass=0.8, sample__near=0.0),
    ):
        assert verdict("mode_collapse", far).verdict == "clear"


def test_units_that_the_data_do_not_need_may_idle():
    few = trace(VAE, vae__carrying_units=2.0, data__components=2.0, vae__inactive_share=0.9)
    assert verdict("inactive_units", few).verdict == "clear"


def test_samples_about_as_far_from_training_as_from_new_data_are_no_copies():
    assert verdict("memorisation", trace(GAN, sample__copying=0.9)).verdict == "clear"


def test_noise_is_no_checkerboard():
    assert verdict("checkerboard", trace(GAN, sample__checkerboard=40.0)).verdict == "clear"


def test_a_short_run_that_ends_well_has_learned():
    late = np.where(np.arange(LOOKS) < 10, 0.4, 0.05)
    assert (
        verdict("convergence_failure", trace(GAN, looks=13, sample__energy_distance=late)).verdict == "clear"
    )
    late = np.where(np.arange(LOOKS) < 12, 0.4, 0.05)
    found = verdict("convergence_failure", trace(GAN, looks=13, sample__energy_distance=late))
    assert found.verdict == "detected"


def test_kinds_of_convergence_failure():
    never = verdict("convergence_failure", trace(GAN, sample__energy_distance=0.8))
    assert (never.subtype, never.onset[0]) == ("never learned", 0)
    gone = np.where(np.arange(LOOKS) < 20, ENERGY, 0.3)
    assert verdict("convergence_failure", trace(GAN, sample__energy_distance=gone)).subtype == "diverged"


def test_losses_linear_in_the_scores_have_no_slope_to_lose():
    signals = {**GAN, "critic/auc": 1.0, "sample/energy_distance": 0.5}
    del signals["generator/score_gradient"]
    made = trace(signals)
    constant = made.frame[made.frame.signal == "critic/auc"].assign(
        signal="generator/score_gradient", value=1.0
    )
    linear = Trace(pd.concat([made.frame, constant]))
    assert verdict("discriminator_overpowering", linear).verdict == "not applicable"
    assert verdict("vanishing_gradient", linear).verdict == "clear"


def test_small_updates_of_plain_descent_are_no_fault():
    wave = 1 + 0.5 * np.sin(np.arange(LOOKS))
    signals = {name: value for name, value in GAN.items() if not name.startswith("generator/")}
    made = trace(signals)
    rows = [
        (0, int(s), 0.0, int(s), name, scale * float(w))
        for name, scale in (("generator/grad_norm", 1e-3), ("generator/update_ratio", 1e-5))
        for s, w in zip(STEPS, wave, strict=True)
    ]
    plain = Trace(pd.concat([made.frame, pd.DataFrame(rows, columns=made.frame.columns)]))
    assert verdict("vanishing_gradient", plain).verdict == "clear"
