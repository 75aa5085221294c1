"""What decides a claim's evidence: budget, runs, and the code that measures. Other evidence is stale."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from genbench import registry, sources
from genbench.claims.claim import Budget, Claim, Tier
from genbench.sources import ALL, Code, Name
from genbench.store.claims import Origin
from genbench.suite import RunConfig, Suite, expand

SUITE = "claims"
"""Name of the suite that all claims' runs belong to, so that equal runs are one run."""

RUN: Name = ("genbench.engine.run", "execute")
"""What makes a run, whatever it is a run of."""


@dataclass(frozen=True)
class Fingerprint:
    """A hash of what decides evidence, and the code that is part of it.

    Attributes:
        key: sixteen hexadecimal digits of budget, runs and code.
        code: the definitions that measure, and all that they reach; texts, judge and figure are not among
            them, so these may be improved later.
    """

    key: str
    code: Code


def fingerprint(claim: Claim, budget: Budget, configs: Sequence[RunConfig]) -> Fingerprint:
    """The fingerprint of the evidence that a claim would make now, of this budget and these runs."""
    roots = [_name(function) for function in claim.evidence.functions]
    roots += _running(configs) if configs else _looked_up(sources.reached(roots))
    code = sources.reached(roots)
    parts = [json.dumps(asdict(budget)), *(config.key for config in configs), sources.digest(code)]
    return Fingerprint(hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16], code)


def is_stale(claim: Claim, tier: Tier, origin: Origin) -> bool:
    """Whether evidence was made by other code, or of other runs or another budget, than it would be now."""
    return origin.key != fingerprint(claim, claim.budget(tier), configs_of(claim, tier)).key


def configs_of(claim: Claim, tier: Tier) -> list[RunConfig]:
    """The runs that a claim needs; options that it does not set are the papers', whatever a search finds."""
    wanted = claim.evidence.comparisons(claim.budget(tier))
    comparisons = tuple(each.model_copy(update={"defaults": "published"}) for each in wanted)
    return expand(Suite(SUITE, Path(claim.id), claim.statement, comparisons)) if comparisons else []


def _running(configs: Sequence[RunConfig]) -> Iterator[Name]:
    """What makes the runs: the engine, the factories that they name, and every detector of ours.

    Every metric of ours too where a run leaves its metrics to its task.
    """
    yield RUN
    yield from _ours(registry.detectors)
    for config in configs:
        yield _name(registry.models[config.model].factory)
        yield _name(registry.tasks[config.task].factory)
        named = [name.partition("@")[0].partition(":")[0] for name in config.metrics or ()]
        yield from (_name(registry.metrics[name].factory) for name in named)
        yield from () if named else _ours(registry.metrics)


def _looked_up(code: Code) -> list[Name]:
    """Every factory of ours of a kind that an experiment looks up by name, since no run says which."""
    kinds = (registry.models, registry.tasks, registry.metrics, registry.detectors)
    used = code.get(registry.__name__, ())
    return [name for kind in kinds if f"{kind.kind}s" in used for name in _ours(kind)]


def _ours(kind: registry.Registry[object]) -> list[Name]:
    """The factories of a kind that no plugin brought: installing one makes no evidence stale."""
    return [_name(entry.factory) for entry in kind.values() if entry.origin is None]


def _name(function: Callable[..., object]) -> Name:
    """A top-level definition; of a method, a lambda or a function inside another, the whole module."""
    while isinstance(function, functools.partial):
        function = function.func
    made = inspect.unwrap(function)
    plain = made.__qualname__.isidentifier()
    return made.__module__, made.__qualname__ if plain else ALL
