"""Runs on disk: self-contained folders, written whole or not at all."""

from genbench.store.atomic import write_atomically
from genbench.store.folder import RunFolder, Samples
from genbench.store.results import Results, load, scan

__all__ = ["Results", "RunFolder", "Samples", "load", "scan", "write_atomically"]
