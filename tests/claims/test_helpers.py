"""What claims on trained models share: spectra, signals, scores of variants, nets of finished runs."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from genbench.claims.designs import signals, variants
from genbench.claims.designs.arms import gain
from genbench.claims.designs.final_scores import final_scores
from genbench.claims.designs.signals import Course, with_signals
from genbench.claims.designs.standard_runs import CONVOLUTIONAL, on_digits, on_points
from genbench.claims.experiments.adversarial_remedies import g18_batch_norm_couples
from genbench.claims.experiments.autoencoders.v07_latent_clusters import components, purity
from genbench.claims.experiments.generated_samples.g20_rough_latent_space import STOPS, paths
from genbench.engine.placement import Placement
from genbench.engine.sampling import draw
from genbench.engine.trained import reopened
from genbench.executors.attempt import folder_of
from genbench.executors.local import run_all
from genbench.ops.spectrum import high_share, nyquist_share
from genbench.registry import claims
from genbench.store import load_runs
from genbench.suite import Suite, expand

SHARED = [claims[name].create() for name in ("V1", "V4", "V7", "G19", "G20", "U2", "G8")]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    tables = [
        on_points("gan", 2, 20, sweep={"rate": (1e-3, 1e30)}),
        on_digits("dcgan", CONVOLUTIONAL, 2, 2, width=4),
    ]
    configs = expand(Suite("claims", out, "", tuple(tables)))
    run_all(configs, Placement(torch.device("cpu")), out)
    return load_runs([folder_of(config, out).path for config in configs])


def test_every_seed_has_a_row_and_what_broke_is_diagnosed(results):
    frame = final_scores(results, ["rate"])
    assert len(frame) == 6
    broken = frame[frame["rate"] == 1e30]
    assert list(broken["seed"]) == [0, 1]
    assert broken["failed"].all()
    assert broken["diagnosed"].all()
    assert not frame[frame["rate"] < 1]["failed"].any()


def test_what_a_detector_found_counts_as_diagnosed(results):
    path = results.records["path"].iloc[0]
    told = pd.DataFrame(
        {"path": [path] * 2, "seed": [1, 0], "verdict": "detected", "detector": ["oscillation", "dead_units"]}
    )
    changed = type(results)(results.folders, results.records, results.scores, told, ())
    frame = final_scores(changed, ["rate"])
    assert list(frame[frame["task"] == "ring8"].query("rate < 1")["diagnosed"]) == [False, True]


def test_a_seed_that_ran_too_short_to_be_judged_is_neither_failed_nor_healthy(results):
    path = results.records["path"].iloc[0]
    told = pd.DataFrame(
        {
            "path": path,
            "seed": [0, 1],
            "verdict": ["insufficient evidence", "clear"],
            "detector": "oscillation",
        }
    )
    changed = type(results)(results.folders, results.records, results.scores, told, ())
    frame = final_scores(changed, ["rate"])
    diagnosed = frame[frame["task"] == "ring8"].query("rate < 1")["diagnosed"]
    assert list(diagnosed.isna()) == [True, False]
    assert not diagnosed.iloc[1]


def test_signals_are_read_over_the_second_half(results):
    frame = with_signals(results, {"loss": Course("critic/loss", signals.level)}, ["rate"])
    trace = results.traces
    own = trace[(trace["path"] == results.records["path"].iloc[0]) & (trace["signal"] == "critic/loss")]
    wanted = own[(own["seed"] == 0) & (own["step"] > 10)]["value"].mean()
    assert frame.query("task == 'ring8' and rate < 1 and seed == 0")["loss"].item() == pytest.approx(wanted)


def test_courses_of_known_signals():
    line = np.linspace(1, 2, 50)
    assert signals.swing(line) == pytest.approx(0, abs=1e-12)
    assert signals.rise(line) == pytest.approx(0.8, abs=0.02)
    assert signals.swing(1 + np.sin(np.arange(200))) == pytest.approx(math.sqrt(0.5), rel=0.02)


def test_reopened_runs_sample_what_they_sampled(results):
    runs = list(reopened(results))
    assert [run.model for run in runs] == ["gan", "gan", "dcgan"]
    images = draw(runs[2].ensemble, runs[2].state, 64, "evaluation")
    stored = results.folders[2].read_samples().generated
    assert np.abs(images.numpy() * 255 - stored).max() <= 1


def test_company_decides_with_batch_norm_and_not_with_a_reference(results, monkeypatch):
    monkeypatch.setattr(
        "genbench.claims.experiments.adversarial_remedies.g18_batch_norm_couples.COMPANIES", 3
    )
    run = list(reopened(results))[2]
    assert g18_batch_norm_couples.coupling(run, 0, reference=False) > 1e-4
    assert g18_batch_norm_couples.coupling(run, 0, reference=True) < 1e-10


def test_shares_of_power():
    stripes = torch.ones(1, 1, 8, 8)
    stripes[..., ::2] = -1
    assert nyquist_share(stripes) == pytest.approx(1)
    slow = torch.cos(2 * math.pi * torch.arange(8) / 8).expand(1, 1, 8, 8)
    assert nyquist_share(slow) == pytest.approx(0, abs=1e-12)
    assert (high_share(stripes), high_share(slow)) == pytest.approx((1, 0), abs=1e-6)
    noise = torch.randn(4000, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert nyquist_share(noise) == pytest.approx(15 / 63, rel=0.02)


def test_gain_pairs_seeds_and_counts_failures_as_the_worst():
    frame = variants.made_up({"a": 1.0, "b": 2.0}, seeds=5)
    assert gain(frame, "a", "b").mean() == pytest.approx(math.log(2))
    frame.loc[frame["variant"] == "b", "score"] = [np.nan, 2, 2, 2, 8]
    frame.loc[frame["variant"] == "a", "score"] = 1.0
    assert gain(frame.sample(frac=1, random_state=0), "a", "b") == pytest.approx(np.log([8, 2, 2, 2, 8]))


def test_purity_of_clusters_and_of_chance():
    labels = torch.arange(4).repeat_interleave(50)
    assert purity(labels[:, None] * 10.0 + torch.rand(200, 1), labels) == 1
    mixed = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    assert purity(mixed, labels) == pytest.approx(0.25, abs=0.05)


def test_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    x = torch.randn(100, 6, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 7)
    ours = components(x[:80], x[80:], 3)
    theirs = PCA(3).fit(x[:80].numpy()).transform(x[80:].numpy())
    assert np.abs(ours.numpy()) == pytest.approx(np.abs(theirs), rel=1e-3, abs=1e-4)


def test_paths_stay_on_the_shells_between_their_ends():
    stops = paths(16)
    assert len(stops) == STOPS
    low, high = torch.stack([stops[0].norm(dim=1), stops[-1].norm(dim=1)]).aminmax(dim=0)
    assert (stops[32].norm(dim=1) >= low - 1e-4).all()
    assert (stops[32].norm(dim=1) <= high + 1e-4).all()


def test_claims_on_digits_share_their_runs():
    from genbench.claims.gathering import configs_of

    wanted = [config.key for claim in SHARED for config in configs_of(claim, "full")]
    assert len(set(wanted)) <= 5 < len(wanted)
