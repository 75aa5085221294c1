"""The numbers of all nine models, as they were before the core types were widened.

A change that is meant to change none of them is held to that here: to the bit on the processor that wrote
``golden.json``, within a tolerance on others. ``python tests/golden/test_golden.py`` writes the file anew; a
model whose meaning changes on purpose gets another `revision` and a line in CHANGELOG.md.
"""

import hashlib
import json
import math
import platform
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import genbench

GOLDEN = Path(__file__).with_name("golden.json")
MODELS = ("dbn", "dcgan", "gan", "gan-saturating", "lsgan", "rbm", "vae", "wgan", "wgan-gp")
TASKS = ("ring8", "digits")
VARIANTS = {
    "rbm": {"offset_rate": 0.01, "persistent": True, "wide": True},
    "gan": {"label_flips": 0.1, "freeze_above": 0.9, "minibatch_kernels": 5, "smoothing": 0.1},
    "vae": {"warm_up": 0.4, "stages": 2, "free_bits": 0.02, "activation": "tanh", "glorot": True},
    "wgan-gp": {"architecture": "pacgan", "prior": "uniform"},
}
CASES = [
    *((model, task, {}) for model in MODELS for task in TASKS if (model, task) != ("dcgan", "ring8")),
    *((model, "digits", options) for model, options in VARIANTS.items()),
]
SUITE = """
description = "golden"
seeds = 2
steps = 48
batch = 32
evaluations = 1
defaults = "published"
metrics = ["sliced_wasserstein@500"]

[[compare]]
tasks = ["{task}"]
models = ["{model}"]
"""
CHAINS = {"sampling_sweeps": 25}


def processor() -> str:
    """What rounding depends on: the processor's instructions, and torch's version."""
    return f"{_cpu()} {torch.backends.cpu.get_cpu_capability()} torch {torch.__version__}"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


def label(model: str, task: str, options: dict[str, Any]) -> str:
    """How the file calls a case."""
    return f"{model} on {task}{' with options' if options else ''}"


def run(model: str, task: str, options: dict[str, Any], folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Parameters, samples and trace of a short run of two seeds on one thread."""
    suite = folder / "golden.toml"
    written = {**(CHAINS if model in ("rbm", "dbn") else {}), **options}
    lines = [f"options.{model}.{name} = {json.dumps(value)}" for name, value in written.items()]
    suite.write_text(SUITE.format(model=model, task=task) + "\n".join(lines))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = genbench.run(suite, out=folder)
    assert set(results.records.status) == {"done"}, list(results.records.reason)
    (run_folder,) = results.folders
    players = load_file(run_folder.path / "state.safetensors")
    generated = run_folder.read_samples().generated
    traces = results.traces.sort_values(["signal", "seed", "step"])
    signals = {str(name): np.array(own["value"], np.float64) for name, own in traces.groupby("signal")}
    return {
        "parameters": {n.removeprefix("players/"): t.numpy() for n, t in players.items() if "players/" in n},
        "samples": {"generated": generated},
        "trace": {name: values for name, values in signals.items() if name != "run/finite"},
    }


def described(part: dict[str, np.ndarray]) -> dict[str, dict[str, float | str]]:
    """Of each array its hash, its mean and its spread."""
    return {
        name: {
            "sha256": hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16],
            "mean": float(np.nanmean(array)),
            "spread": float(np.nanstd(array)),
        }
        for name, array in part.items()
    }


@pytest.mark.parametrize(("model", "task", "options"), CASES, ids=lambda part: str(part))
def test_the_numbers_are_what_they_were(model, task, options, tmp_path):
    golden = json.loads(GOLDEN.read_text())
    found = run(model, task, options, tmp_path)
    wanted = golden["cases"][label(model, task, options)]
    exact = golden["processor"] == processor()
    for part, arrays in wanted.items():
        now = described(found[part])
        assert set(now) == set(arrays), part
        for name, then in arrays.items():
            if exact:
                assert now[name]["sha256"] == then["sha256"], f"{part} of {name}"
            for value in ("mean", "spread"):
                near = math.isclose(now[name][value], then[value], rel_tol=0.05, abs_tol=0.05)
                assert near or math.isnan(then[value]), f"{part} of {name}: {value}"


def _write() -> None:
    import tempfile

    torch.set_num_threads(1)
    cases = {}
    for model, task, options in CASES:
        with tempfile.TemporaryDirectory() as folder:
            parts = run(model, task, options, Path(folder))
            cases[label(model, task, options)] = {part: described(arrays) for part, arrays in parts.items()}
    GOLDEN.write_text(json.dumps({"processor": processor(), "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    _write()
