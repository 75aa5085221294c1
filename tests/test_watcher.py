"""A watcher does nothing until a subclass says what, and several are told everything."""

import inspect
from typing import Any

import numpy as np
import pytest

from genbench.suite import RunConfig
from genbench.types import Record
from genbench.watcher import Watcher, Watchers

CONFIG = RunConfig("test", "ring8", {}, "vae", {}, (0,), 10, 16, 1)
RECORD = Record("test", "ring8", "vae", {}, "done", (0,))
ARRAY = np.zeros((1, 2, 2))
EVENTS: dict[str, tuple[Any, ...]] = {
    "expect": (3,),
    "begin": (CONFIG,),
    "tick": (CONFIG, 5, 100.0, {"modes@500": 8.0}, {"vae/loss": 1.0}),
    "samples": (CONFIG, 5, ARRAY, ARRAY),
    "walks": (CONFIG, ARRAY, ARRAY),
    "end": (CONFIG, RECORD, False),
    "measured": (None, 0.5, True),
    "failed": (None, "a reason"),
}


def events(watcher: type[Watcher]) -> dict[str, Any]:
    """The public methods that a class itself defines."""
    return {name: method for name, method in vars(watcher).items() if not name.startswith("_")}


class Diary(Watcher):
    """Writes down every event in a book that others write in as well."""

    def __init__(self, name: str, book: list[Any]) -> None:
        self.name, self.book = name, book

    def __getattribute__(self, event: str) -> Any:
        if event not in EVENTS:
            return super().__getattribute__(event)
        return lambda *told: self.book.append((self.name, event, told))


def test_the_events_are_those_tested_here():
    assert list(events(Watcher)) == list(EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_by_default_nothing_happens(event):
    watcher = Watcher()
    assert getattr(watcher, event)(*EVENTS[event]) is None
    assert vars(watcher) == {}


@pytest.mark.parametrize("event", EVENTS)
def test_several_are_told_of_every_event_in_order(event):
    book: list[Any] = []
    getattr(Watchers(Diary("first", book), Watcher(), Diary("second", book)), event)(*EVENTS[event])
    assert book == [(name, event, EVENTS[event]) for name in ("first", "second")]


def test_none_of_several_is_left_out_when_an_event_is_added():
    assert events(Watchers).keys() == events(Watcher).keys()
    for name, method in events(Watchers).items():
        assert inspect.signature(method) == inspect.signature(events(Watcher)[name])


def test_a_subclass_overrides_what_it_needs():
    class Ends(Watcher):
        ended: tuple[RunConfig, ...] = ()

        def end(self, config: RunConfig, record: Record, reused: bool) -> None:
            self.ended += (config,)

    ends = Ends()
    for event, told in EVENTS.items():
        getattr(Watchers(ends), event)(*told)
    assert ends.ended == (CONFIG,)
