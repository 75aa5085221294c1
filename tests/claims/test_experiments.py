"""Every experiment runs, with hardly any budget, and makes evidence of the form that its claim judges."""

import math

import pytest

from genbench.claims.claim import Budget, Experiment
from genbench.registry import claims

EXPERIMENTS = [name for name, entry in claims.items() if isinstance(entry.create().evidence, Experiment)]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_evidence_has_the_form_of_the_examples(name):
    claim = claims[name].create()
    frame = claim.evidence.measure(Budget(seeds=2, steps=12, size=32))
    for example in claim.examples().values():
        assert set(example.columns) <= set(frame.columns)
    found = claim.judge(frame)
    assert math.isfinite(found.effect)
    assert claim.figure(frame)
