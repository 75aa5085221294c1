"""Runs on disk: self-contained folders, written whole or not at all."""

from genbench.store.atomic import write_atomically
from genbench.store.claims import ClaimFolder, claim_folders
from genbench.store.folder import RunFolder, Samples
from genbench.store.results import Results, load, load_runs, scan

__all__ = [
    "ClaimFolder",
    "Results",
    "RunFolder",
    "Samples",
    "claim_folders",
    "load",
    "load_runs",
    "scan",
    "write_atomically",
]
