"""The fingerprint follows the code that measures, and nothing else."""

import importlib
import sys

import pytest

from genbench.claims import fingerprint

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
def closure(tmp_path, monkeypatch):
    """Write a claim's module with a helper beside it, and give its closure as one string."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()

    def made(limit=1, doc="What.", judged=1, helper=1):
        (tmp_path / "pack" / "helper.py").write_text(f"def helped():\n    return {helper}\n")
        (tmp_path / "pack" / "claim.py").write_text(CODE.format(limit=limit, doc=doc, judged=judged))
        for name in ("pack", "pack.helper", "pack.claim"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        fingerprint._names.cache_clear()
        import linecache

        linecache.clearcache()
        return "\n".join(fingerprint.closure(importlib.import_module("pack.claim").measure))

    return made


def test_texts_and_judge_do_not_enter(closure):
    assert closure() == closure(doc="Something else.", judged=2)


@pytest.mark.parametrize("change", [{"limit": 22}, {"helper": 22}], ids=str)
def test_code_and_constants_enter(closure, change):
    assert closure() != closure(**change)
