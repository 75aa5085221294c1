"""What a worker's watcher sends, and what of it reaches the watcher at the other end."""

import pickle
from typing import Any

import numpy as np

from genbench.executors.relay import Event, Relay, deliver
from genbench.suite import RunConfig
from genbench.types import Record
from genbench.watcher import Watcher

CONFIG = RunConfig("test", "ring8", {}, "vae", {}, (0,), 10, 16, 1)


class Diary(Watcher):
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def begin(self, config: RunConfig) -> None:
        self.told.append(config)

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        self.told.append((config, step, rate, scores, signals))


def test_beginnings_and_ticks_arrive_as_they_were():
    sent: list[Event] = []
    relay, diary = Relay(sent.append), Diary()
    relay.begin(CONFIG)
    relay.tick(CONFIG, 5, 100.0, {"modes@500": 8.0}, {"vae/loss": 1.0})
    for event in sent:
        deliver(pickle.loads(pickle.dumps(event)), diary)
    assert diary.told == [CONFIG, (CONFIG, 5, 100.0, {"modes@500": 8.0}, {"vae/loss": 1.0})]


def test_samples_and_ends_are_not_sent():
    sent: list[Event] = []
    relay = Relay(sent.append)
    relay.samples(CONFIG, 5, np.zeros((1, 2, 2)), np.zeros((2, 2)))
    relay.walks(CONFIG, np.zeros((1, 2, 2)), np.zeros((2, 2)))
    relay.end(CONFIG, Record("test", "ring8", "vae", {}, "done", (0,)), reused=False)
    assert sent == []
