"""Scores of a run so far: which metrics, what the newest are, and what readers must know."""

import numpy as np
import pytest
import torch

from genbench.engine.evaluation import Evaluation
from genbench.engine.placement import Placement, assemble
from genbench.suite import RunConfig
from genbench.types import Estimate, Score

OPTIONS = {"width": 8, "latent": 2}
CONFIG = RunConfig("test", "ring8", {"samples": 300}, "vae", OPTIONS, (3, 5), 10, 16, 1)


def evaluation(*names: str) -> tuple[Evaluation, object]:
    ensemble = assemble(CONFIG, Placement(torch.device("cpu")))
    state = ensemble.initial()
    return Evaluation.of(ensemble, state, names, None), state


def test_metrics_that_cannot_score_are_left_out_with_a_note():
    made, _ = evaluation("modes@500", "frechet_lenet@1k")
    assert [metric.name for metric in made.metrics] == ["modes@500"]
    assert made.notes() == ("frechet_lenet@1k: no shipped classifier knows these data",)


def test_a_look_scores_the_seeds_that_live_and_keeps_samples_of_all():
    made, state = evaluation("modes@500")
    state.died[0] = 0
    generated, real = made.look(state)
    assert [(score.seed, score.step, score.metric) for score in made.scores] == [(5, 0, "modes@500")]
    assert generated.shape == (2, 1000, 2)
    assert real.shape[1:] == (2,)
    assert made.seconds > 0


def test_the_newest_scores_are_means_of_the_last_look():
    made, _ = evaluation("modes@500")
    assert made.newest() == {}
    made.scores = [Score(3, 5, "m", Estimate(9.0, 1)), *(Score(s, 10, "m", Estimate(s, 1)) for s in (3, 5))]
    assert made.newest() == {"m": pytest.approx(np.mean([3, 5]))}


def test_each_warning_is_noted_once():
    made, _ = evaluation("modes@500")
    made.scores = [Score(seed, 10, "m", Estimate(1.0, 1, flags=("few samples",))) for seed in (3, 5)]
    assert made.notes() == ("m: few samples",)
