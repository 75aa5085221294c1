"""What is left after kills at random moments is what a run left alone leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = int(os.environ.get("GENBENCH_CHAOS_KILLS", "30"))


@pytest.mark.slow
def test_thirty_kills_change_nothing() -> None:
    script = Path(__file__).with_name("chaos.py")
    command = [sys.executable, str(script), "--kills", str(KILLS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    figures = json.loads(ran.stdout)
    assert figures["kills"] == KILLS
    assert figures["suites finished"] >= 1
    assert figures["files that differ"] == []
