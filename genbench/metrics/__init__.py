"""Scores of samples and of trained models, each a named protocol.

From Python, on features of either library: `frechet_distance`, `kid`, `prdc`, `inception_score` and others.
"""

from genbench.metrics.classes import inception_score
from genbench.metrics.density import kernel_log_density
from genbench.metrics.external import score, with_reference
from genbench.metrics.feature_metrics import frechet_lenet
from genbench.metrics.frechet import (
    frechet_distance,
    frechet_distance_from_features,
    frechet_infinity_to,
    frechet_to,
    moments,
)
from genbench.metrics.kernel_distance import cmmd, energy_distance, kid, mmd
from genbench.metrics.likelihood import ais, log_partition, reverse_ais
from genbench.metrics.memorisation import authpct, mifid
from genbench.metrics.metric import Metric, Subject, named
from genbench.metrics.modes import ModeCounts, mode_counts
from genbench.metrics.neighbours import Prdc, copying, prdc, precision_recall_density_coverage, two_sample
from genbench.metrics.path_length import path_length
from genbench.metrics.per_class import ClassPrecisionRecall, class_precision_recall
from genbench.metrics.sample_files import read_samples
from genbench.metrics.support import bin_centers, collision_support, different_bins
from genbench.metrics.transport import sliced_wasserstein, wasserstein
from genbench.metrics.vendi import vendi

__all__ = [
    "ClassPrecisionRecall",
    "Metric",
    "ModeCounts",
    "Prdc",
    "Subject",
    "ais",
    "authpct",
    "bin_centers",
    "class_precision_recall",
    "cmmd",
    "collision_support",
    "copying",
    "different_bins",
    "energy_distance",
    "frechet_distance",
    "frechet_distance_from_features",
    "frechet_infinity_to",
    "frechet_lenet",
    "frechet_to",
    "inception_score",
    "kernel_log_density",
    "kid",
    "log_partition",
    "mifid",
    "mmd",
    "mode_counts",
    "moments",
    "named",
    "path_length",
    "prdc",
    "precision_recall_density_coverage",
    "read_samples",
    "reverse_ais",
    "score",
    "sliced_wasserstein",
    "two_sample",
    "vendi",
    "wasserstein",
    "with_reference",
]
