"""What every process of a group but the first does: it trains along when the leader says so."""

from __future__ import annotations

import logging
import signal

from genbench.engine.ensemble import Ensemble
from genbench.engine.parallel import Group, unpack
from genbench.engine.placement import Placement, assemble
from genbench.engine.state import State
from genbench.suite import RunConfig

_LOG = logging.getLogger(__name__)


def follow(group: Group, placement: Placement) -> None:
    """Train along until the leader is done; nothing is read but the data, and nothing written."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the leader, which stops at a tick
    follower = _Follower(placement)
    while (order := group.hear()) is not None:
        try:
            follower.advance(order.config, order.state, order.stop)
        except Exception as error:  # the leader meets the same one, and records it
            _LOG.warning("process %d: %s: %s", group.rank, type(error).__name__, error)


class _Follower:
    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self.config: RunConfig | None = None
        self.ensemble: Ensemble
        self.state: State

    def advance(self, config: RunConfig, state: bytes | None, stop: int) -> None:
        if config != self.config:
            self.ensemble, self.config = assemble(config, self.placement), config
        if state is not None:
            self.state = State(**unpack(state, self.placement.device))
        self.ensemble.advance(self.state, stop)
