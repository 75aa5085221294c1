"""What is left after kills at random moments is what a run left alone leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KILLS = int(os.environ.get("GENBENCH_CHAOS_KILLS", "30"))


@pytest.mark.slow
def test_thirty_kills_change_nothing() -> None:
    figures = chaos("--kills", str(KILLS))
    assert figures["kills"] == KILLS
    assert figures["suites finished"] >= 1
    assert figures["files that differ"] == []


@pytest.mark.slow
def test_a_kill_at_any_write_changes_nothing() -> None:
    """In the middle of every file, and between the two renamings of a checkpoint."""
    figures = chaos("--every-write")
    assert figures["writes, each met by a kill"] > 30
    assert figures["files that differ"] == []


def chaos(*options: str) -> dict[str, Any]:
    """The figures of a run of the script."""
    command = [sys.executable, str(Path(__file__).with_name("chaos.py")), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures
