"""Claims of lectures as experiments; importing this room registers them.

A claim is one file, ``experiments/<topic>/<id>_<slug>.py``, with

* a factory registered under its id, which gives a `Claim`: the statement in our own words, where it stands,
  the hypothesis, the test with its threshold, and what a student should take from it;
* what makes its evidence, one tidy frame: an `Experiment` (budget → frame) or `Runs`, a suite fragment and
  (budget, results) → frame. Equal runs are made once; `designs.standard_runs` has those that many share;
* ``judge(frame)``, pure, by the tests of `decisions` and their one rule for the outcome;
* ``figure(frame)``, with the parts of `drawing`;
* ``examples()``, made-up evidence for each of the three outcomes.

The last three come at once from a design of `genbench.claims.designs` where one fits, such as `arms`.

Statement, test, threshold and seeds are committed before the claim is run, and stay. Texts, judge and figure
do not enter the fingerprint of the evidence; the code that measures does, and all that it reaches.

Another package adds one with ``[project.entry-points."genbench.claims"] X1 = "package.module:factory"``, and
tests it with `genbench.testing.CLAIM_CHECKS`.
"""

import importlib

from matplotlib.figure import Figure

from genbench.claims import decisions, drawing
from genbench.claims.claim import Budget, Claim, Evidence, Examples, Experiment, Runs, Source
from genbench.registry import claims
from genbench.store import Results
from genbench.suite import Comparison
from genbench.types import Judgement

__all__ = [
    "Budget",
    "Claim",
    "Comparison",
    "Evidence",
    "Examples",
    "Experiment",
    "Figure",
    "Judgement",
    "Results",
    "Runs",
    "Source",
    "claims",
    "decisions",
    "drawing",
]

importlib.import_module(f"{__name__}.experiments")
