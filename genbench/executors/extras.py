"""Packages that only some people need."""

from __future__ import annotations

import importlib
from typing import Any

from genbench.types import NotAvailableError


def package(module: str, extra: str) -> Any:
    """The module, imported; NotAvailableError that names the extra if it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise NotAvailableError(f"{extra} is not installed; pip install 'genbench[{extra}]'") from None
