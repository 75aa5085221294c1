"""Names of files for names of things."""

from __future__ import annotations

import re
from collections.abc import Iterable


def slugs(names: Iterable[str]) -> dict[str, str]:
    """A different file name for each name, whatever characters it has and whatever file systems fold.

    >>> slugs(["ring8", "a/b", "a_b"])
    {'ring8': 'ring8', 'a/b': 'a_b', 'a_b': 'a_b-2'}
    """
    taken: set[str] = set()
    found: dict[str, str] = {}
    for name in names:
        base = re.sub(r"[^A-Za-z0-9._+-]+", "_", name).lstrip(".") or "_"
        slug, count = base, 1
        while slug.lower() in taken:
            count += 1
            slug = f"{base}-{count}"
        taken.add(slug.lower())
        found[name] = slug
    return found
