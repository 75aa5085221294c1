"""What a suite file may hold, and what is said of a value that it may not."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

from genbench.types import Precision

SEEDS = "an integer from 1 to 10000, or a list of different seeds >= 0"
COUNT = "an integer >= 1"
NAMES = "a list of names, at least one and none twice"
PRECISIONS = '"fp32", "tf32" or "bf16"'
DEFAULTS = '"tuned" or "published"'
VALUES = "a list of values, at least one and none twice"


def seed_ids(seeds: Any) -> tuple[int, ...]:
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


Seeds = Annotated[tuple[int, ...], PlainValidator(seed_ids)]
Count = Annotated[int, Field(ge=1), _expected(COUNT)]
Names = Annotated[list[str], Field(min_length=1), _expected(NAMES, distinct=True)]
Values = Annotated[list[Any], Field(min_length=1), _expected(VALUES, distinct=True)]


class Budget(BaseModel):
    """What the top of a suite may set for all its comparisons, and each comparison for itself."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    seeds: Seeds = (0, 1, 2, 3)
    batch: Count = 128
    evaluations: Count = 8
    metrics: Names | None = None
    stop_on: Names | None = None
    precision: Annotated[Precision, _expected(PRECISIONS)] = "fp32"
    defaults: Annotated[Literal["tuned", "published"], _expected(DEFAULTS)] = "tuned"


class Comparison(Budget):
    """One ``[[compare]]`` table: every model on every task.

    Attributes:
        steps: training steps.
        batch: examples a step.
        evaluations: how many log-spaced steps are scored, the last one included.
        metrics: names with their protocols; None means the task's own.
        stop_on: detectors that end a seed in the second half of its run; it counts as failed.
        precision: of products in training.
        defaults: where options that the suite does not set come from: the pilot search on that kind of data
            (docs/defaults.md), or the model's signature, which follows its paper.
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


class Top(Budget):
    """A suite file as a whole; its `compare` is checked table by table, with what the top sets filled in."""

    description: str
    steps: Count | None = None
    compare: Annotated[list[Any], Field(min_length=1), _expected("at least one [[compare]] table")]
