"""Suite files: where they lie, how they are read, and what is wrong with them."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from genbench.registry import nearest
from genbench.suite.schema import Comparison, Top
from genbench.types import InputError

Schema = TypeVar("Schema", bound=BaseModel)
_KINDS = {"model_type": "a table", "dict_type": "a table", "list_type": "a list", "string_type": "a string"}


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


def load_suite(name_or_path: str | Path) -> Suite:
    """Read and check a suite, given as a path, or as a name in one of the suite folders.

    Options are checked by `expand`, which has to import the models.

    Raises:
        InputError: there is no such suite, or it is wrong: the text names file, key and what was expected.
    """
    path = _find(name_or_path)
    raw = _parse(path)
    top = _validated(Top, raw, path, "")
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


def _check_owners(comparison: Comparison, where: str) -> None:
    """Refuse options of models and tasks that are not compared, and options that are also swept."""
    owners = {"options": comparison.models, "sweep": comparison.models, "task_options": comparison.tasks}
    for table, names in owners.items():
        for name in getattr(comparison, table):
            if name not in names:
                hint = nearest(name, names)
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
        return f"no such key{nearest(str(error['loc'][-1]), schema.model_fields)}"
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
    raise InputError(f"no suite is called {text!r}{nearest(text, names)}")


def _folders() -> list[Path]:
    """Where suites with a name lie: here, beside the package in a checkout, inside the installed package."""
    package = Path(__file__).parent.parent
    return [Path("suites"), package.parent / "suites", package / "_suites"]


def _describe(path: Path) -> str:
    try:
        return load_suite(path).description
    except InputError as error:
        return str(error)
