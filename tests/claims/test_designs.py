"""Designs judge as their tests say, and make up evidence for each outcome by themselves."""

import numpy as np
import pandas as pd
import pytest

from genbench.claims import decisions, drawing
from genbench.claims.designs.arms import Arms, Mean, Within, gain
from genbench.claims.designs.combinations import every
from genbench.claims.designs.identities import Identity

VALUES = {"a": [1.0, 1.2, 0.9, 1.1, 1.3], "b": [2.0, 2.1, 2.4, 1.9, 2.6]}
FRAME = pd.DataFrame(
    [(arm, seed, value, 2.0) for arm, own in VALUES.items() for seed, value in enumerate(own)],
    columns=["arm", "seed", "score", "real"],
)
A, B = (np.array(own) for own in VALUES.values())


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Mean("score", "b", None, "above", 1.5, "x"), decisions.mean(B, "above", 1.5, "x")),
        (Mean("score", "b", "a", "above", 0.5, "x"), decisions.mean(B - A, "above", 0.5, "x")),
        (
            Mean("score", "b", "a", "above", 0.1, "x", log=True),
            decisions.mean(np.log(B / A), "above", 0.1, "x"),
        ),
        (Mean("score", "b", "a", "above", 1.0, "x", ratio=True), decisions.median(B / A, "above", 1.0, "x")),
        (Mean("score", "a", None, "below", 1.0, "x", over="real"), decisions.mean(A / 2, "below", 1.0, "x")),
        (Within("score", "a", None, "above", 0.5, "x", high=2.0), decisions.within(A, 0.5, 2.0, "x")),
    ],
)
def test_a_test_is_the_decision_of_its_values(test, expected):
    assert test.judge(FRAME.sample(frac=1, random_state=0), "arm") == expected


def test_only_some_rows_count():
    both = pd.concat([FRAME.assign(when="end"), FRAME.assign(when="start", score=0.0)])
    test = Mean("score", "b", "a", "above", 0.5, "x", only=("when", "end"))
    assert test.judge(both, "arm") == decisions.mean(B - A, "above", 0.5, "x")


@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("how", [{}, {"log": True}, {"over": "real"}, {"only": ("when", "end")}], ids=str)
@pytest.mark.parametrize("threshold", [-0.4, 0.01, 3.0])
def test_made_up_evidence_leads_to_each_outcome(side, how, threshold):
    other = None if "over" in how else "a"
    arms = Arms(
        "arm",
        (Mean("score", "b", other, side, threshold, "x", **how),),
        (drawing.Panel("score", mark=("real", "real")), drawing.Panel("else")),
        others=("c",),
    )
    for outcome, frame in arms.examples().items():
        assert arms.judge(frame).outcome == outcome
        assert set(frame["arm"]) >= {"b", "c"}
        assert arms.figure(frame)


def test_what_has_no_score_counts_as_the_worst():
    frame = FRAME.rename(columns={"arm": "variant"}).assign(score=[1.0] * 5 + [np.nan, 2, 2, 2, 8])
    assert gain(frame, "a", "b") == pytest.approx(np.log([8, 2, 2, 2, 8]))


def test_an_identity_is_judged_by_its_share():
    identity = Identity(lambda frame: frame["off"] < 1, "x", lambda frame: None, {"off": 0.0}, {"off": 2.0})
    assert {name: identity.judge(frame).outcome for name, frame in identity.examples().items()} == {
        name: name for name in ("supported", "refuted", "inconclusive")
    }


def test_every_combination_has_a_row():
    assert every(a=[1, 2], b=("x", "y")).to_numpy().tolist() == [[1, "x"], [1, "y"], [2, "x"], [2, "y"]]
