"""Random numbers as pure functions of (seed, purpose, block): nothing to save, nothing to share.

A stream is cut into blocks; the generator of a block is seeded from a hash of its key alone. So a seed's
numbers depend on no other seed, on no other stream, and on no history, and a resumed run needs only its step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from genbench.models.model import Constant, Noise, Start


def generator(device: torch.device, *key: object) -> torch.Generator:
    """The generator that belongs to `key`, such as ``(seed, "noise", 7)``."""
    digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=8).digest()
    made = torch.Generator(device)
    made.manual_seed(int.from_bytes(digest, "big") >> 1)
    return made


def module_seed(*key: object) -> int:
    """The seed that belongs to `key`, for random numbers that modules draw of their own."""
    return generator(torch.device("cpu"), *key, "modules").initial_seed()


def draw(
    noises: Mapping[str, Noise], sources: Sequence[torch.Generator], lead: tuple[int, ...] = ()
) -> dict[str, Tensor]:
    """Draw every declared noise for every seed, shape (seeds, *lead, *noise.shape); one generator a seed."""
    device = sources[0].device
    drawn = {name: torch.empty(len(sources), *lead, *n.shape, device=device) for name, n in noises.items()}
    for name, noise in noises.items():
        for out, source in zip(drawn[name], sources, strict=True):
            noise.fill(out, source)
    return drawn


def starts(
    buffers: Mapping[str, Start], players: Mapping[str, Tensor], sources: Sequence[torch.Generator]
) -> dict[str, Tensor]:
    """What buffers start as, seeds in front; noise is drawn in the order of declaration.

    Args:
        players: flat parameters of which buffers may be copies, (S, P), or (P,) of the only seed.
    """
    drawn = draw({name: start for name, start in buffers.items() if isinstance(start, Noise)}, sources)
    found = {}
    for name, start in buffers.items():
        if isinstance(start, Noise):
            found[name] = drawn[name]
        elif isinstance(start, Constant):
            found[name] = torch.full((len(sources), *start.shape), start.value, device=sources[0].device)
        else:
            found[name] = players[start.player].reshape(len(sources), -1).clone()
    return found


class DataOrder:
    """Which training examples a seed sees at which step: whole epochs, each in an order of its own.

    The order depends on the seed and the number of examples alone, so methods that are compared on one seed
    see the same data in the same order.

    Args:
        purpose: tells orders of one seed apart, such as that of a second domain.
    """

    def __init__(self, seed: int, examples: int, device: torch.device, purpose: str = "data") -> None:
        self.seed, self.examples, self.device, self.purpose = seed, examples, device, purpose
        self._epochs: dict[int, Tensor] = {}

    def positions(self, start: int, stop: int) -> Tensor:
        """Indices of the examples from position `start` up to `stop` of the endless sequence."""
        first, last = start // self.examples, (stop - 1) // self.examples
        wanted = range(first, last + 1)
        self._epochs = {e: self._epochs[e] if e in self._epochs else self._epoch(e) for e in wanted}
        joined = torch.cat(list(self._epochs.values()))
        offset = first * self.examples
        return joined[start - offset : stop - offset]

    def _epoch(self, epoch: int) -> Tensor:
        source = generator(torch.device("cpu"), self.seed, self.purpose, epoch)
        return torch.randperm(self.examples, generator=source).to(self.device)
