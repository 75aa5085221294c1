"""What a run ran on: versions, machine, commit. Free of torch, which only says its version."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

PACKAGES = ("genbench", "torch", "torchvision", "numpy", "scipy", "pandas", "scikit-learn", "pytorch-fid")


def environment(device: str) -> dict[str, Any]:
    """Versions of what decides results, the machine, and the commit of the package if it is a checkout."""
    return {
        "versions": {"python": platform.python_version(), **versions()},
        "device": device,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "commit": commit(),
    }


@functools.cache
def lock() -> tuple[str, ...]:
    """Every installed distribution as ``name==version``: what pip needs to make this environment again."""
    found = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"]}
    return tuple(sorted((f"{name}=={version}" for name, version in found.items()), key=str.lower))


@functools.cache
def versions() -> Mapping[str, str]:
    """Installed versions by package; those that are absent are left out."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@functools.cache
def commit() -> str | None:
    """Commit of the checkout around the package, ``-dirty`` if tracked files differ; None without one."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    try:
        hash_ = _git(root, "rev-parse", "HEAD")
        return f"{hash_}-dirty" if _git(root, "status", "--porcelain", "--untracked-files=no") else hash_
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return run.stdout.strip()
