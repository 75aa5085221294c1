"""BibTeX for what is registered with a paper; the entries lie in ``references.bib``, sorted by year."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from genbench.registry import nearest
from genbench.types import InputError

_ENTRY = re.compile(r"^@\w+\{([^,\s]+),.*?^\}$", re.MULTILINE | re.DOTALL)


def bibtex(key: str) -> str:
    """The BibTeX entry of a key; a plugin's own entry, which starts with ``@``, is answered as it is.

    Raises:
        InputError: there is no such key.
    """
    if key.lstrip().startswith("@"):
        return key.strip()
    if key not in references():
        raise InputError(f"no reference is called {key!r}{nearest(key, references())}")
    return references()[key]


@functools.cache
def references() -> dict[str, str]:
    """Every entry of ``references.bib`` by its key."""
    text = Path(__file__).with_name("references.bib").read_text(encoding="utf-8")
    return {match[1]: match[0] for match in _ENTRY.finditer(text)}
