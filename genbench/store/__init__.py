"""Runs on disk: self-contained folders, written whole or not at all."""

from genbench.store.atomic import write_atomically
from genbench.store.claims import ClaimFolder, claim_folders
from genbench.store.folder import WALKS, RunFolder, Samples
from genbench.store.place import Place, folder_place, place
from genbench.store.results import Results, load, load_runs, scan

__all__ = [
    "WALKS",
    "ClaimFolder",
    "Place",
    "Results",
    "RunFolder",
    "Samples",
    "claim_folders",
    "folder_place",
    "load",
    "load_runs",
    "place",
    "scan",
    "write_atomically",
]
