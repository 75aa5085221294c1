"""The pairwise metrics never hold a matrix of all pairs."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import resource, torch
from genbench.metrics import energy_distance, kid, mmd, prdc, two_sample

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def measure(n):
    x, y = torch.rand(2, n, 16, generator=torch.Generator().manual_seed(0))
    prdc(x, y, 5), two_sample(x, y), mmd(x, y), energy_distance(x, y), kid(x, y, subsets=1, subset_size=n)

measure(2000)
before = peak()
measure(8000)
print(peak() - before)
"""


def test_memory_stays_far_below_all_pairs() -> None:
    """8,000 × 8,000 distances would take 256 MB in single precision; tiles and vectors take a tenth."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 50_000_000
