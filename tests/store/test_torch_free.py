import subprocess
import sys

LIGHT = """
import sys
import genbench.citations, genbench.registry, genbench.store, genbench.suite
import genbench.report.formats, genbench.report.leaderboard, genbench.report.pictures
print("torch" in sys.modules)
"""


def test_reading_and_reporting_results_does_not_import_torch() -> None:
    answer = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
