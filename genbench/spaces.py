"""What the spaces are that distances are taken in, as a table says it; free of torch."""

from __future__ import annotations

RAW = "the data themselves, flattened, in their own unit"

SPACES = {
    "_lenet": "64 features of the small classifier that ships with genbench; compares with nothing published",
    "_inception": "2,048 features of the Inception network of the published Fréchet inception distances",
    "_file": "features of the network in the user's own file; compares with scores by the same file alone",
}
"""Suffix of a metric's name → what the space is and what its scores compare with."""


def space_of(metric: str) -> str | None:
    """What the space of the metric called `metric` is, for the head of a table; None where it names none.

    The name may carry a file and a protocol, as in ``kid_file:net.pt@10k``. Without a suffix a metric is of
    the data themselves (`RAW`), or of no space at all, such as a count of modes.
    """
    name = metric.partition("@")[0].partition(":")[0]
    return next((text for suffix, text in SPACES.items() if name.endswith(suffix)), None)
