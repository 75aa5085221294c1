"""The fingerprint follows the code that measures, in every room, and nothing else."""

import ast
import dataclasses
import importlib
import sys
import time

import pytest
import toys

from genbench import sources
from genbench.claims.claim import Budget, Experiment
from genbench.claims.fingerprint import configs_of, fingerprint
from genbench.registry import claims

CODE = '''
from pack.helper import helped

LIMIT = {limit}

def measure(budget):
    """{doc}"""
    return used() + LIMIT

def used():
    return helped()

def judge(frame):
    return {judged}
'''


@pytest.fixture
def forget():
    """Read files again, before and after."""
    sources.forget()
    yield
    sources.forget()


@pytest.fixture
def key(tmp_path, monkeypatch, forget):
    """Write a claim's module with a helper beside it, and give the key of its evidence."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()

    def made(limit=1, doc="What.", judged=1, helper=1):
        (tmp_path / "pack" / "helper.py").write_text(f"def helped():\n    return {helper}\n")
        (tmp_path / "pack" / "claim.py").write_text(CODE.format(limit=limit, doc=doc, judged=judged))
        _forget_modules()
        importlib.invalidate_caches()
        sources.forget()
        module = importlib.import_module("pack.claim")
        return fingerprint(toys.toy("X1", Experiment(module.measure)), Budget(seeds=2), ()).key

    yield made
    _forget_modules()


def _forget_modules():
    for name in ("pack", "pack.helper", "pack.claim"):
        sys.modules.pop(name, None)


def test_texts_and_judge_do_not_enter(key):
    assert key() == key(doc="Something else.", judged=2)


@pytest.mark.parametrize("change", [{"limit": 22}, {"helper": 22}], ids=str)
def test_code_and_constants_enter(key, change):
    assert key() != key(**change)


def printed(claim, **changes):
    claim = dataclasses.replace(claim, **changes)
    return fingerprint(claim, claim.fast, configs_of(claim, "fast")).key


def test_budget_and_runs_enter():
    claim = toys.toy("X2", toys.RUNS)
    assert printed(claim) != printed(claim, fast=Budget(seeds=6, steps=4, size=1))
    assert printed(claim) != printed(claim, fast=Budget(seeds=6, steps=5))


@pytest.fixture
def changed(monkeypatch, forget):
    """Change a module of genbench as its file would be changed: append a text to a definition of it."""
    read = ast.parse

    def change(module: str, name: str, text: str) -> None:
        file = sources._file(module)

        def parse(source, *arguments, **options):
            tree = read(source, *arguments, **options)
            if source == file.read_bytes():
                (node,) = [each for each in tree.body if getattr(each, "name", None) == name]
                node.body += read(text).body
            return tree

        monkeypatch.setattr(ast, "parse", parse)
        sources.forget()

    return change


RUN_BY_T5 = [
    ("genbench.ops.adversarial", "non_saturating"),
    ("genbench.engine.ensemble", "Ensemble"),
    ("genbench.engine.run", "execute"),
    ("genbench.models.gans", "gan_saturating"),
    ("genbench.tasks.planar", "ring8"),
    ("genbench.metrics.modes", "modes"),
    ("genbench.detectors.samples", "two_sample"),
    ("genbench.claims.designs.frozen_generator", "generator_gradients"),
]


def test_a_change_in_a_module_of_another_room_enters(changed):
    before = printed(claims["T1"].create())
    changed("genbench.ops.adversarial", "logistic_critic", "x = 1")
    assert printed(claims["T1"].create()) != before


def test_a_docstring_and_an_unrelated_module_do_not(changed):
    before = printed(claims["T1"].create())
    changed("genbench.ops.adversarial", "logistic_critic", '"""A text."""')
    assert printed(claims["T1"].create()) == before
    changed("genbench.ops.adversarial", "least_squares_critic", "x = 1")
    assert printed(claims["T1"].create()) == before
    changed("genbench.models.vae", "Vae", "x = 1")
    assert printed(claims["T1"].create()) == before


@pytest.mark.parametrize(("module", "name"), RUN_BY_T5)
def test_runs_cover_what_makes_them(changed, module, name):
    before = printed(claims["T5"].create())
    changed(module, name, "x = 1")
    assert printed(claims["T5"].create()) != before


@pytest.mark.parametrize(
    ("module", "name"), [("genbench.models.vae", "Vae"), ("genbench.report.html", "write_report")]
)
def test_runs_do_not_cover_other_models_and_reports(changed, module, name):
    before = printed(claims["T5"].create())
    changed(module, name, "x = 1")
    assert printed(claims["T5"].create()) == before


def test_an_experiment_that_looks_models_up_covers_all_of_them(changed):
    claim = toys.toy("X1", Experiment(toys.looked_up))
    before = printed(claim)
    changed("genbench.models.vae", "Vae", "x = 1")
    assert printed(claim) != before


def test_all_claims_take_a_moment(forget):
    made = [claims[name].create() for name in claims]
    started = time.process_time()
    for claim in made:
        fingerprint(claim, claim.full, configs_of(claim, "full"))
    assert time.process_time() - started < 5  # 0.9 s where nothing else runs
