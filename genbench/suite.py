"""Suites: TOML files that say what to run, and the run configurations that follow from them."""

from __future__ import annotations

import hashlib
import itertools
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

from genbench import registry
from genbench.registry import _nearest
from genbench.types import InputError

Schema = TypeVar("Schema", bound=BaseModel)

SEEDS = "an integer from 1 to 10000, or a list of different seeds >= 0"
COUNT = "an integer >= 1"
NAMES = "a list of names, at least one and none twice"
VALUES = "a list of values, at least one and none twice"
_KINDS = {"model_type": "a table", "dict_type": "a table", "list_type": "a list", "string_type": "a string"}


def _seed_ids(seeds: Any) -> tuple[int, ...]:
    """The seeds that a number of seeds, or a list of them, means; PydanticCustomError if none."""
    if type(seeds) is int and 1 <= seeds <= 10_000:
        return tuple(range(seeds))
    listed = isinstance(seeds, list | tuple) and all(
        type(seed) is int and 0 <= seed < 2**32 for seed in seeds
    )
    if not listed or not seeds or len(set(seeds)) < len(seeds):
        raise PydanticCustomError("expected", SEEDS)
    return tuple(sorted(seeds))


def _expected(phrase: str, *, distinct: bool = False) -> WrapValidator:
    """Answer any mistake inside a value with one phrase that says what the value should be."""

    def check(value: Any, handler: Any) -> Any:
        try:
            checked = handler(value)
        except ValidationError:
            raise PydanticCustomError("expected", phrase) from None
        if distinct and len(set(map(repr, checked))) < len(checked):
            raise PydanticCustomError("expected", phrase)
        return checked

    return WrapValidator(check)


Seeds = Annotated[tuple[int, ...], PlainValidator(_seed_ids)]
Count = Annotated[int, Field(ge=1), _expected(COUNT)]
Names = Annotated[list[str], Field(min_length=1), _expected(NAMES, distinct=True)]
Values = Annotated[list[Any], Field(min_length=1), _expected(VALUES, distinct=True)]


class _Budget(BaseModel):
    """What the top of a suite may set for all its comparisons, and each comparison for itself."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    seeds: Seeds = (0, 1, 2, 3)
    batch: Count = 128
    evaluations: Count = 8
    metrics: Names | None = None


class Comparison(_Budget):
    """One ``[[compare]]`` table: every model on every task.

    Attributes:
        steps: training steps.
        batch: examples a step.
        evaluations: how many log-spaced steps are scored, the last one included.
        metrics: names with their protocols; None means the task's own.
        options: model → option → value.
        sweep: model → option → values; their Cartesian product is run.
        task_options: task → option → value.
    """

    steps: Count
    tasks: Names
    models: Names
    options: dict[str, dict[str, Any]] = {}
    sweep: dict[str, dict[str, Values]] = {}
    task_options: dict[str, dict[str, Any]] = {}


class _Top(_Budget):
    description: str
    steps: Count | None = None
    compare: Annotated[list[Any], Field(min_length=1), _expected("at least one [[compare]] table")]


@dataclass(frozen=True)
class Suite:
    """A validated suite file."""

    name: str
    path: Path
    description: str
    comparisons: tuple[Comparison, ...]


class SuiteSummary(NamedTuple):
    """A line of the list of suites."""

    name: str
    description: str
    path: Path


@dataclass(frozen=True)
class RunConfig:
    """One model on one task, every default written out.

    Attributes:
        task_options, options: of the task and of the model, plain JSON values.
        metrics: names with their protocols; None means the task's own.
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

    @property
    def key(self) -> str:
        """Eight hexadecimal digits of all that determines the result; the suite's name does not."""
        content = {name: value for name, value in asdict(self).items() if name != "suite"}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:8]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, the key included."""
        return {**json.loads(json.dumps(asdict(self))), "key": self.key}


def load_suite(name_or_path: str | Path) -> Suite:
    """Read and check a suite, given as a path, or as a name in one of the suite folders.

    Options are checked by `expand`, which has to import the models.

    Raises:
        InputError: there is no such suite, or it is wrong: the text names file, key and what was expected.
    """
    path = _find(name_or_path)
    raw = _parse(path)
    top = _validated(_Top, raw, path, "")
    shared = {key: value for key, value in raw.items() if key in Comparison.model_fields}
    comparisons = []
    for index, own in enumerate(top.compare):
        where = f"compare[{index}]"
        block = {**shared, **own} if isinstance(own, dict) else own
        comparison = _validated(Comparison, block, path, where)
        _check_owners(comparison, f"{path}: {where}")
        comparisons.append(comparison)
    return Suite(path.stem, path, top.description, tuple(comparisons))


def available_suites() -> list[SuiteSummary]:
    """Every suite that can be named; a file that cannot be read is described by its mistake."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return [SuiteSummary(name, _describe(found[name]), found[name]) for name in sorted(found)]


def expand(
    suite: Suite,
    *,
    models: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    seeds: int | Sequence[int] | None = None,
    steps: int | None = None,
) -> list[RunConfig]:
    """Every run of a suite, in the order of the file, none twice.

    Args:
        models, tasks: keep only these. A name that the suite nowhere mentions joins every comparison.
        seeds: replaces the number of seeds, or the seed ids, of every comparison.
        steps: replaces the steps of every comparison.

    Raises:
        InputError: a name or an option is unknown, an option or override is wrong, or nothing is left to run.
    """
    changes = _overrides(seeds, steps)
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


def _runs(comparison: Comparison, suite: str, where: str) -> Iterator[RunConfig]:
    for metric in comparison.metrics or ():
        _known(registry.metrics, metric.partition("@")[0], f"{where}.metrics")
    for task in comparison.tasks:
        entry = _known(registry.tasks, task, f"{where}.tasks")
        given = comparison.task_options.get(task, {})
        task_options = _resolved(entry, given, f"{where}.task_options.{task}")
        if task_options.get("data_dir", ...) is None:  # where data lie is this machine's affair
            del task_options["data_dir"]
        for model in comparison.models:
            for options in _variants(comparison, model, where):
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
                )


def _variants(comparison: Comparison, model: str, where: str) -> Iterator[dict[str, Any]]:
    """Resolved options of a model, one for each point of its sweep."""
    entry = _known(registry.models, model, f"{where}.models")
    fixed, sweep = comparison.options.get(model, {}), comparison.sweep.get(model, {})
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
            changes["seeds"] = _seed_ids(seeds)
        except PydanticCustomError:
            raise InputError(f"seeds: expected {SEEDS}, got {seeds}") from None
    return changes


def _check_owners(comparison: Comparison, where: str) -> None:
    """Refuse options of models and tasks that are not compared, and options that are also swept."""
    owners = {"options": comparison.models, "sweep": comparison.models, "task_options": comparison.tasks}
    for table, names in owners.items():
        for name in getattr(comparison, table):
            if name not in names:
                hint = _nearest(name, dict.fromkeys(names))
                raise InputError(f"{where}.{table}.{name}: expected a name of this comparison{hint}")
    for model, swept in comparison.sweep.items():
        for option in swept.keys() & comparison.options.get(model, {}).keys():
            raise InputError(
                f"{where}.sweep.{model}.{option}: expected to be set once, but is an option as well"
            )


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise InputError(f"{path}: expected TOML: {error}") from None


def _validated(schema: type[Schema], raw: Any, path: Path, where: str) -> Schema:
    try:
        return schema.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = where
        for part in first["loc"]:
            place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
        raise InputError(f"{path}: {place}: {_complaint(schema, first)}") from None


def _complaint(schema: type[BaseModel], error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return f"no such key{_nearest(str(error['loc'][-1]), schema.model_fields)}"
    if error["type"] == "missing":
        return "expected here, but is missing"
    got = json.dumps(error["input"], default=str)
    return (
        f"expected {_KINDS.get(error['type'], error['msg'])}, got {got if len(got) < 80 else got[:80] + '…'}"
    )


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if text.endswith(".toml") or len(Path(text).parts) != 1:
        return Path(text)
    for folder in _folders():
        if (folder / f"{text}.toml").is_file():
            return folder / f"{text}.toml"
    names = {path.stem: path for folder in _folders() for path in folder.glob("*.toml")}
    raise InputError(f"no suite is called {text!r}{_nearest(text, names)}")


def _folders() -> list[Path]:
    """Where suites with a name lie: here, beside the package in a checkout, inside the installed package."""
    package = Path(__file__).parent
    return [Path("suites"), package.parent / "suites", package / "_suites"]


def _describe(path: Path) -> str:
    try:
        return load_suite(path).description
    except InputError as error:
        return str(error)
