"""Claims of lectures as experiments; importing this room registers them.

A claim is one file, ``<id>_<slug>.py``, with

* a factory registered under its id, which gives a `Claim`: the statement in our own words, where it stands,
  the hypothesis, the test with its threshold, and what a student should take from it;
* what makes its evidence, one tidy frame: an `Experiment` (budget → frame) or `Runs`, a suite fragment and
  (budget, results) → frame. Fragments that several claims share stand in `genbench.claims.fragments`: equal
  runs are made once. Last scores come from `final_scores`;
* ``judge(frame)``, pure, by the tests of `genbench.claims.decisions` and their one rule for the outcome;
* ``figure(frame)``, with the parts of `genbench.claims.drawing`;
* ``examples()``, made-up evidence for each of the three outcomes.

Statement, test, threshold and seeds are committed before the claim is run, and stay. Texts, judge and figure
do not enter the fingerprint of the evidence; the code that measures does.

Another package adds one with ``[project.entry-points."genbench.claims"] X1 = "package.module:factory"``, and
tests it with `genbench.testing.CLAIM_CHECKS`.
"""

from genbench.claims import experiments
from genbench.claims.claim import Budget, Claim, Evidence, Experiment, Runs, Source

__all__ = ["Budget", "Claim", "Evidence", "Experiment", "Runs", "Source", "experiments"]
