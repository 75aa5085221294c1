"""Scores of samples and of trained models, each a named protocol."""

from genbench.metrics.feature_metrics import frechet_lenet
from genbench.metrics.frechet import frechet_distance, frechet_distance_from_features
from genbench.metrics.kernel_distance import energy_distance, kid, mmd
from genbench.metrics.metric import Metric, Subject, named
from genbench.metrics.modes import ModeCounts, mode_counts
from genbench.metrics.neighbours import Prdc, copying, prdc, precision_recall_density_coverage, two_sample
from genbench.metrics.transport import sliced_wasserstein

__all__ = [
    "Metric",
    "ModeCounts",
    "Prdc",
    "Subject",
    "copying",
    "energy_distance",
    "frechet_distance",
    "frechet_distance_from_features",
    "frechet_lenet",
    "kid",
    "mmd",
    "mode_counts",
    "named",
    "prdc",
    "precision_recall_density_coverage",
    "sliced_wasserstein",
    "two_sample",
]
