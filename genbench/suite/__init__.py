"""Suites: TOML files that say what to run, and the run configurations that follow from them."""

from genbench.suite.files import Suite, SuiteSummary, available_suites, load_suite
from genbench.suite.runs import RunConfig, expand, split_seeds
from genbench.suite.schema import Comparison

__all__ = [
    "Comparison",
    "RunConfig",
    "Suite",
    "SuiteSummary",
    "available_suites",
    "expand",
    "load_suite",
    "split_seeds",
]
