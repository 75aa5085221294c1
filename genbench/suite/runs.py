"""The runs that follow from a suite."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from genbench import registry
from genbench.suite.files import Suite
from genbench.suite.renamed import first_names
from genbench.suite.schema import COUNT, SEEDS, Comparison, seed_ids
from genbench.types import InputError, Precision

FILE_IN_METRIC = (
    "names a file, which no record or suite may have opened; if you trust the file, "
    "score samples with genbench evaluate --metrics"
)


@dataclass(frozen=True)
class RunConfig:
    """One model on one task, every default written out.

    Attributes:
        task_options, options: of the task and of the model, plain JSON values.
        metrics: names with their protocols; None means the task's own.
        stop_on: detectors that end a seed in the second half of the run; None for none.
        precision: of products in training; part of the result, since rounding to bfloat16 may show in scores.
        revision: of the model, see `registry.Entry`; runs of another one are other runs.
    """

    suite: str
    task: str
    task_options: Mapping[str, Any]
    model: str
    options: Mapping[str, Any]
    seeds: tuple[int, ...]
    steps: int
    batch: int
    evaluations: int
    metrics: tuple[str, ...] | None = None
    stop_on: tuple[str, ...] | None = None
    precision: Precision = "fp32"
    revision: int = 1

    def __post_init__(self) -> None:
        """Refuse a metric that names a file, which is a program or weights; a record may be a stranger's."""
        for metric in self.metrics or ():
            if ":" in metric:
                raise InputError(f"metric {metric!r} {FILE_IN_METRIC}")

    def __hash__(self) -> int:
        return hash((self.suite, self.key))

    @property
    def key(self) -> str:
        """Eight hexadecimal digits of all that determines the result; the suite's name does not."""
        content = {name: value for name, value in self._content().items() if name != "suite"}
        content["options"] = first_names(self.model, self.options)
        if self.stop_on is None:  # runs that nothing stops are the runs they were before there was a way to
            del content["stop_on"]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:8]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, the key included."""
        return {**json.loads(json.dumps(self._content())), "key": self.key}

    def _content(self) -> dict[str, Any]:
        content = asdict(self)
        if self.precision == "fp32":  # what runs were before there was a choice
            del content["precision"]
        if self.revision == 1:  # what models were before any of them changed
            del content["revision"]
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> RunConfig:
        """The inverse of `as_dict`.

        Raises:
            InputError: it is no training run's, or its key says that it was changed since it was written.
        """
        try:
            own = {name: value for name, value in content.items() if name != "key"}
            config = TypeAdapter(cls).validate_python(own)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise InputError(f"no configuration of a training run: {where}: {first['msg'].lower()}") from None
        if config.key != content.get("key"):
            raise InputError(
                f"the configuration's key is {content.get('key')!r}, its content's {config.key!r}: "
                "it was changed after the run; put it back, or remove the folder and run it again"
            )
        return config


def expand(
    suite: Suite,
    *,
    models: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    seeds: int | Sequence[int] | None = None,
    steps: int | None = None,
    precision: Precision | None = None,
) -> list[RunConfig]:
    """Every run of a suite, in the order of the file, none twice.

    Args:
        models, tasks: keep only these. A name that the suite nowhere mentions joins every comparison.
        seeds: replaces the number of seeds, or the seed ids, of every comparison.
        steps, precision: replace those of every comparison.

    Raises:
        InputError: a name or an option is unknown, an option or override is wrong, or nothing is left to run.
    """
    changes = _overrides(seeds, steps) | ({} if precision is None else {"precision": precision})
    wanted = {"models": models, "tasks": tasks}
    mentioned = {kind: {n for c in suite.comparisons for n in getattr(c, kind)} for kind in wanted}
    runs: dict[tuple[str, str, str], RunConfig] = {}
    for index, comparison in enumerate(suite.comparisons):
        chosen = {k: _chosen(getattr(comparison, k), names, mentioned[k]) for k, names in wanted.items()}
        kept = comparison.model_copy(update={**changes, **chosen})
        for run in _runs(kept, suite.name, f"{suite.path}: compare[{index}]"):
            runs.setdefault((run.task, run.model, run.key), run)
    if not runs:
        raise InputError(
            f"{suite.path}: no comparison holds both a chosen model and a chosen task; choose more"
        )
    return list(runs.values())


def split_seeds(configs: Sequence[RunConfig], most: int) -> list[RunConfig]:
    """The same seeds in runs of at most `most` of them each, which can run on as many machines.

    A leaderboard takes them together again: a method's runs differ in nothing but their seeds.
    """
    return [replace(config, seeds=batch) for config in configs for batch in _batches(config.seeds, most)]


def _batches(seeds: tuple[int, ...], most: int) -> list[tuple[int, ...]]:
    return [seeds[i : i + most] for i in range(0, len(seeds), most)]


def _runs(comparison: Comparison, suite: str, where: str) -> Iterator[RunConfig]:
    for metric in comparison.metrics or ():
        if ":" in metric:
            raise InputError(f"{where}.metrics: {metric!r} {FILE_IN_METRIC}")
        _known(registry.metrics, metric.partition("@")[0], f"{where}.metrics")
    for detector in comparison.stop_on or ():
        _known(registry.detectors, detector, f"{where}.stop_on")
    for task in comparison.tasks:
        entry = _known(registry.tasks, task, f"{where}.tasks")
        given = comparison.task_options.get(task, {})
        task_options = _resolved(entry, given, f"{where}.task_options.{task}")
        if task_options.get("data_dir", ...) is None:  # where data lie is this machine's affair
            del task_options["data_dir"]
        for model in comparison.models:
            for options in _variants(comparison, model, entry.kind, where):
                yield RunConfig(
                    suite=suite,
                    task=task,
                    task_options=task_options,
                    model=model,
                    options=options,
                    seeds=comparison.seeds,
                    steps=comparison.steps,
                    batch=comparison.batch,
                    evaluations=comparison.evaluations,
                    metrics=tuple(comparison.metrics) if comparison.metrics else None,
                    stop_on=tuple(comparison.stop_on) if comparison.stop_on else None,
                    precision=comparison.precision,
                    revision=registry.models[model].revision,
                )


def _variants(comparison: Comparison, model: str, kind: str | None, where: str) -> Iterator[dict[str, Any]]:
    """Resolved options of a model on data of a kind, one for each point of its sweep."""
    entry = _known(registry.models, model, f"{where}.models")
    tuned = entry.tuned.get(kind or "", {}) if comparison.defaults == "tuned" else {}
    fixed, sweep = {**tuned, **comparison.options.get(model, {})}, comparison.sweep.get(model, {})
    table = f"{where}.{'sweep' if sweep else 'options'}.{model}"
    for values in itertools.product(*sweep.values()):
        yield _resolved(entry, {**fixed, **dict(zip(sweep, values, strict=True))}, table)


def _resolved(entry: registry.Entry[Any], options: Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        resolved = entry.resolve(options)
        plain: dict[str, Any] = json.loads(json.dumps(resolved, default=_plain))
    except (InputError, TypeError) as error:
        raise InputError(f"{where}: {error}") from None
    return plain


def _plain(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{value!r} is no value that TOML can write; use numbers, strings, lists or tables")


def _known(kind: registry.Registry[Any], name: str, where: str) -> registry.Entry[Any]:
    try:
        return kind[name]
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _chosen(own: Sequence[str], wanted: Sequence[str] | None, mentioned: set[str]) -> list[str]:
    if wanted is None:
        return list(own)
    return [name for name in dict.fromkeys(wanted) if name in own or name not in mentioned]


def _overrides(seeds: int | Sequence[int] | None, steps: int | None) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if steps is not None:
        if steps < 1:
            raise InputError(f"steps: expected {COUNT}, got {steps}")
        changes["steps"] = steps
    if seeds is not None:
        try:
            changes["seeds"] = seed_ids(seeds)
        except PydanticCustomError:
            raise InputError(f"seeds: expected {SEEDS}, got {seeds}") from None
    return changes
