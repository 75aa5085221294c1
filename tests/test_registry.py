"""Names, options and their mistakes."""

from typing import Literal

import pytest

from genbench import registry
from genbench.registry import Registry, forwards
from genbench.types import InputError


@pytest.fixture
def things() -> Registry[int]:
    made: Registry[int] = Registry("thing")
    made._loaded = True  # it has no room of its own to import

    @made.register("sum", cite="someone1999")
    def add(a: int, b: float = 2.0, mode: Literal["x", "y"] = "x") -> float:
        """Adds.

        More about it.
        """
        return a + b

    return made


def test_an_entry_knows_its_factory(things):
    entry = things["sum"]
    assert entry.summary == "Adds."
    assert entry.cite == "someone1999"
    assert entry.create(a=1) == 3.0
    assert entry.resolve({"a": 1, "b": 3}) == {"a": 1, "b": 3.0, "mode": "x"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"a": 1, "bb": 2}, r"sum has no option 'bb'; did you mean b\?"),
        ({}, "option 'a' of sum: field required"),
        ({"a": "many"}, "option 'a' of sum: .*integer.*got 'many'"),
        ({"a": 1, "mode": "z"}, "option 'mode' of sum: .*'x' or 'y'.*got 'z'"),
    ],
)
def test_wrong_options_are_explained(things, options, message):
    with pytest.raises(InputError, match=message):
        things["sum"].create(**options)


def test_unknown_names_are_answered_with_close_ones(things):
    with pytest.raises(InputError, match=r"no thing is called 'sun'; did you mean sum\?"):
        things["sun"]
    with pytest.raises(InputError, match="known are sum"):
        things["zzz"]


def test_a_name_taken_twice_is_an_error(things):
    with pytest.raises(InputError, match="two things are called 'sum'"):
        things.register("sum")(lambda: 0)


def test_registering_the_same_factory_again_is_none(things):
    factory = things["sum"].factory
    assert things.register("sum")(factory) is factory


def test_forwarded_options_show_as_own():
    def base(a: int = 1, b: int = 2) -> int:
        return a + b

    @forwards(base)
    def more(b: int = 5, **options: int) -> int:
        return base(b=b, **options)

    entry = registry.Entry("more", more)
    assert entry.options == {"b": 5, "a": 1}
    assert entry.create(a=10) == 15


@pytest.mark.parametrize(
    "kind", [registry.models, registry.tasks, registry.metrics], ids=lambda kind: kind.kind
)
def test_every_registered_name_has_a_summary(kind):
    for name, entry in kind.items():
        assert entry.summary.endswith("."), f"{kind.kind} {name} needs a first line that is a sentence"


def test_the_nine_methods_are_there():
    assert set(registry.models) >= {
        "rbm", "dbn", "vae", "gan", "gan-saturating", "lsgan", "wgan", "wgan-gp", "dcgan"
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind", [registry.models, registry.tasks, registry.metrics], ids=lambda kind: kind.kind
)
def test_every_citation_resolves(kind):
    from genbench.citations import bibtex

    for name, entry in kind.items():
        if entry.cite:
            assert bibtex(entry.cite).startswith("@"), name


@pytest.mark.parametrize("entry", registry.models.values(), ids=lambda entry: entry.name)
def test_what_is_tuned_are_options_for_kinds_of_data_that_there_are(entry):
    kinds = {task.kind for task in registry.tasks.values()}
    for kind, options in entry.tuned.items():
        assert kind in kinds
        assert entry.resolve(options).items() >= options.items()


def test_every_task_of_ours_says_what_kind_its_data_are():
    known = {"points", "small images", "images"}
    assert {e.kind for e in registry.tasks.values() if e.origin is None} == known
