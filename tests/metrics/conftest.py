"""Where the tests of metrics find real data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def mnist_folder() -> Path | None:
    """The data directory that holds MNIST: GENBENCH_DATA_DIR, or ``shared/data`` beside the checkout."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    candidates = [Path(os.environ.get("GENBENCH_DATA_DIR", beside)), beside]
    return next((folder for folder in candidates if (folder / "MNIST" / "raw").is_dir()), None)
