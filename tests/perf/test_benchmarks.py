"""Every benchmark of suites/perf runs once, small: what asv measures must not rot."""

import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from perf import kernels, package, training

KINDS = ("time_", "track_", "peakmem_")
MODULES = (training, kernels, package)


def classes() -> Iterator[type]:
    for module in MODULES:
        for _, found in inspect.getmembers(module, inspect.isclass):
            if found.__module__ == module.__name__ and methods(found):
                yield found


def methods(benchmark: type) -> list[str]:
    return [name for name in vars(benchmark) if name.startswith(KINDS)]


def parameters(benchmark: type) -> list[tuple[Any, ...]]:
    params: Any = getattr(benchmark, "params", [])
    nested = params and isinstance(params[0], list)
    return list(itertools.product(*(params if nested else [params] if params else [])))


CASES = [(found, values) for found in classes() for values in parameters(found)]


@pytest.mark.parametrize(
    ("benchmark", "values"), CASES, ids=lambda p: p.__name__ if isinstance(p, type) else "-".join(p)
)
def test_runs_once(benchmark: type, values: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perf.timing.SIDE_SECONDS", 0.0)
    monkeypatch.setattr("perf.timing.ROUNDS", 1)
    monkeypatch.setattr(package.Watching, "steps", 40)
    monkeypatch.setattr(package.Report, "runs", 4)
    made = benchmark()
    try:
        if hasattr(made, "setup"):
            made.setup(*values)
    except NotImplementedError:
        return
    for name in methods(benchmark):
        measured = getattr(made, name)(*values)
        assert measured is None or measured > 0
    if hasattr(made, "teardown"):
        made.teardown()


def test_every_registered_model_is_timed() -> None:
    from genbench.registry import models

    timed = {values[0] for found, values in CASES if found is training.Step}
    assert timed == set(models)
