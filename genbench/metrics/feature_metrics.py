"""Names for the distances between sets of features, each offered in every space where it makes sense."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from genbench.metrics.distance import NETS, Distance, Score, offer
from genbench.metrics.frechet import frechet_infinity_to, frechet_to
from genbench.metrics.inputs import cached
from genbench.metrics.kernel_distance import cmmd, energy_distance, kid, mmd
from genbench.metrics.memorisation import authpct, mifid, own_spacing
from genbench.metrics.metric import Subject
from genbench.metrics.neighbours import Prdc, copying, precision_recall_density_coverage, two_sample
from genbench.metrics.spaces import (
    Space,
    held_out_features,
    reference_features,
    reference_moments,
    sample_features,
)
from genbench.metrics.transport import sliced_wasserstein
from genbench.metrics.vendi import vendi
from genbench.tasks.task import Task
from genbench.types import Estimate


def _frechet(subject: Subject, space: Space, n: int) -> Estimate:
    return frechet_to(reference_moments(subject.task, space), sample_features(subject, space, n))


def _mifid(subject: Subject, space: Space, n: int) -> Estimate:
    train = reference_features(subject.task, space, len(subject.task.train))
    return mifid(reference_moments(subject.task, space), train, sample_features(subject, space, n))


def _authpct(subject: Subject, space: Space, n: int) -> Estimate:
    train = reference_features(subject.task, space, len(subject.task.train))
    return authpct(train, sample_features(subject, space, n), _spacing(subject.task, space))


@cached
def _spacing(task: Task, space: Space) -> Tensor:
    return own_spacing(reference_features(task, space, len(task.train)))


def _vendi(subject: Subject, space: Space, n: int) -> Estimate:
    return vendi(sample_features(subject, space, n))


def _sliced_wasserstein(subject: Subject, space: Space, n: int) -> Estimate:
    real = reference_features(subject.task, space, n)
    return sliced_wasserstein(sample_features(subject, space, n), real)


def _frechet_infinity(subject: Subject, space: Space, n: int) -> Estimate:
    return frechet_infinity_to(reference_moments(subject.task, space), sample_features(subject, space, n))


def _distance(between: Callable[[Tensor, Tensor], Estimate]) -> Score:
    def score(subject: Subject, space: Space, n: int) -> Estimate:
        return between(reference_features(subject.task, space, n), sample_features(subject, space, n))

    return score


def _copying(subject: Subject, space: Space, n: int) -> Estimate:
    train = reference_features(subject.task, space, len(subject.task.train))
    return copying(train, held_out_features(subject.task, space, n), sample_features(subject, space, n))


@cached
def _neighbours(subject: Subject, space: Space, n: int) -> Prdc:
    real = reference_features(subject.task, space, n)
    return precision_recall_density_coverage(real, sample_features(subject, space, n))


def _one_of_four(name: str) -> Score:
    return lambda subject, space, n: getattr(_neighbours(subject, space, n), name)


_LARGE = {"_inception": 50_000}
"""The published protocols of the Inception network draw as many."""

frechet_lenet = offer(
    Distance(
        *("frechet", "Fréchet distance to the training set", "lower", _frechet, "heusel2017fid"),
        doc="The squared 2-Wasserstein distance of Gaussians with the means and covariances. It sees nothing "
        "beyond two moments, and never compares across spaces, nor across `n`: it is biased upwards by about "
        "a constant over n.",
        scale="log",
        n=_LARGE,
    )
)["_lenet"]
for _one in (
    Distance(
        *("frechet_infinity", "Fréchet distance extrapolated to infinitely many samples (FID∞)", "lower"),
        *(_frechet_infinity, "chong2020effectively"),
        doc="Chong & Forsyth 2020 (arXiv:1911.07023), from subsets of `n`. Unbiased in n but noisier, and it "
        "may be below zero.",
        n=_LARGE,
    ),
    Distance(
        *(
            "mifid",
            "Fréchet distance over memorisation, as the samples are nearer to the data than .1",
            "lower",
        ),
        *(_mifid, "bai2021mifid"),
        doc="Bai et al. 2021 (arXiv:2106.03062); cosine distances, below the threshold of .1 they divide.",
        scale="log",
        spaces=("_inception", "_file"),
        n=_LARGE,
    ),
    Distance("kid", "Kernel inception distance", "lower", _distance(kid), "binkowski2018kid", spaces=NETS),
    Distance(
        *("precision", "Share of samples among the data (k = 3)", "higher", _one_of_four("precision")),
        "kynkaanniemi2019precision",
    ),
    Distance(
        *("recall", "Share of data among the samples (k = 3)", "higher", _one_of_four("recall")),
        "kynkaanniemi2019precision",
    ),
    Distance(
        *("density", "Balls of data that hold a sample, over k = 5", "higher", _one_of_four("density")),
        "naeem2020prdc",
    ),
    Distance(
        *(
            "coverage",
            "Share of balls of data that hold a sample (k = 5)",
            "higher",
            _one_of_four("coverage"),
        ),
        "naeem2020prdc",
    ),
    Distance("mmd", "Squared MMD of a Gaussian kernel", "lower", _distance(mmd), "gretton2012mmd"),
    Distance(
        *(
            "cmmd",
            "1,000 times the squared MMD of a Gaussian kernel of bandwidth 10",
            "lower",
            _distance(cmmd),
        ),
        "jayasumana2024cmmd",
        doc="CMMD where the features are CLIP's, brought to unit length (Jayasumana et al. 2024, "
        "arXiv:2401.09603).",
        spaces=("_file",),
    ),
    Distance(
        *("energy", "Squared energy distance", "lower", _distance(energy_distance), "szekely2013energy"),
    ),
    Distance(
        *("sliced_wasserstein", "Sliced 2-Wasserstein distance along 512 fixed directions", "lower"),
        *(_sliced_wasserstein, "rabin2011wasserstein"),
        scale="log",
        spaces=NETS,
    ),
    Distance(
        *("two_sample", "Accuracy of the 1-nearest-neighbour test, ideal .5", "lower", _distance(two_sample)),
        "lopezpaz2017c2st",
    ),
    Distance(
        *("copying", "Probability of lying nearer to the training set than fresh data do, ideal .5", "lower"),
        *(_copying, "meehan2020nonparametric"),
    ),
    Distance(
        *("authpct", "Percentage of authentic samples (AuthPct)", "higher", _authpct, "alaa2022faithful"),
        doc="A sample is authentic that lies farther from its nearest training example than that one does "
        "from its own nearest (Alaa et al. 2022, arXiv:2102.08921). Noise is authentic too.",
    ),
    Distance(
        *("vendi", "Vendi score: the effective number of distinct samples", "higher", _vendi),
        "friedman2023vendi",
        doc="Friedman & Dieng 2023 (arXiv:2210.02410), with the cosine kernel; at most the number of "
        "features. Noise is diverse too.",
        scale="log",
    ),
):
    offer(_one)
