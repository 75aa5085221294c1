"""Scores of samples and of trained models, each a named protocol."""

from genbench.metrics.metric import Metric, Subject, named
from genbench.metrics.modes import ModeCounts, mode_counts

__all__ = ["Metric", "ModeCounts", "Subject", "mode_counts", "named"]
