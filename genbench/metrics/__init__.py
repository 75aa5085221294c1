"""Scores of samples and of trained models, each a named protocol."""

from genbench.metrics.feature_metrics import frechet_lenet
from genbench.metrics.frechet import frechet_distance, frechet_distance_from_features
from genbench.metrics.metric import Metric, Subject, named
from genbench.metrics.modes import ModeCounts, mode_counts
from genbench.metrics.transport import sliced_wasserstein

__all__ = [
    "Metric",
    "ModeCounts",
    "Subject",
    "frechet_distance",
    "frechet_distance_from_features",
    "frechet_lenet",
    "mode_counts",
    "named",
    "sliced_wasserstein",
]
