"""Samples of any origin, scored from the command line."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from genbench.registry import tasks


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.npy"
    np.save(path, tasks["ring8"].create().held_out[:2500].numpy())
    return path


def test_real_points_score_as_real_data_do(genbench, ring):
    code, out, _ = genbench("evaluate", ring, "--task", "ring8", "--json")
    assert code == 0
    rows = {row["metric"]: row for row in json.loads(out)["scores"]}
    assert set(rows["modes@2500"]) >= {"metric", "value", "ci_low", "ci_high", "real", "n"}
    assert rows["modes@2500"]["value"] == 8
    quality = rows["high_quality@2500"]
    assert quality["ci_low"] < 0.9889 < quality["ci_high"]
    assert rows["reverse_kl@2500"]["value"] < 0.005


@pytest.mark.parametrize("form", ["folder", "npz", "pt"])
def test_images_in_every_form(genbench, tmp_path, form):
    digits = tasks["digits"].create().train[:60]
    if form == "folder":
        path = tmp_path / "images"
        path.mkdir()
        for i, image in enumerate(digits):
            Image.fromarray((image[0] * 255).byte().numpy()).save(path / f"{i}.png")
    elif form == "npz":
        path = tmp_path / "images.npz"
        np.savez(path, samples=digits.numpy())
    else:
        path = tmp_path / "images.pt"
        torch.save(digits, path)
    code, out, err = genbench("evaluate", path, "--task", "digits", "--metrics", "frechet_lenet@1k", "--json")
    assert code == 0, err
    (row,) = json.loads(out)["scores"]
    assert row["value"] < 15
    assert any("60 samples" in flag for flag in row["flags"])


def test_another_reference(genbench, ring, tmp_path):
    shifted = tmp_path / "shifted.npy"
    np.save(shifted, np.load(ring) + 3)
    arguments = ["evaluate", ring, "--task", "ring8", "--metrics", "sliced_wasserstein@2500", "--json"]
    near, far = (
        json.loads(genbench(*arguments, *more)[1])["scores"][0]["value"]
        for more in (["--reference", ring], ["--reference", shifted])
    )
    assert near < 0.2
    assert far > 2


def test_scores_join_a_leaderboard(genbench, ring, tmp_path):
    out = tmp_path / "results"
    code, text, err = genbench("evaluate", ring, "--task", "ring8", "--as", "perfect", "--out", out)
    assert code == 0, err
    assert "modes@2500" in text
    assert "perfect joins the leaderboard" in err
    run = ["run", "quick", "--models", "gan", "--tasks", "ring8", "--steps", 4, "--seeds", 2, "--out", out]
    assert genbench(*run)[0] == 0
    rows = json.loads(genbench("leaderboard", out, "--format", "json")[1])
    modes = {row["model"]: row for row in rows if row["metric"] == "modes@2500"}
    assert set(modes) == {"perfect", "gan", "real data", "trivial sampler"}
    assert modes["perfect"]["rank"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.npy", "--task", "ring8"), "nowhere.npy"),
        (("ring.npy", "--task", "ring9"), "did you mean ring8"),
        (("ring.npy", "--task", "digits"), "shape"),
        (("ring.npy", "--task", "ring8", "--metrics", "mods@2500"), "did you mean modes"),
        (("ring.npy", "--task", "ring8", "--as", "../up"), "cannot name a run"),
        (("pickle.pt", "--task", "ring8"), "pickle.pt"),
    ],
)
def test_mistakes_are_one_sentence(genbench, ring, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    torch.save({"code": print}, tmp_path / "pickle.pt")
    code, _, err = genbench("evaluate", *arguments)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
