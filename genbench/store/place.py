"""Where results lie: a path of this machine, or a URL that has a path's methods, such as ``s3://bucket/runs``."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from genbench.types import InputError, NotAvailableError

if TYPE_CHECKING:
    from upath import UPath

Place: TypeAlias = "Path | UPath"
_TRIAL = ".genbench-may-write"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.*", re.DOTALL)


def place(where: str | Place) -> Place:
    """A path for what has no ``scheme://`` or ``file://``; else a URL of any fsspec file system.

    Credentials and endpoints come from where the file system's package looks for them, such as ``AWS_*``.

    Raises:
        InputError: nothing knows the scheme, or nothing answers there.
        NotAvailableError: the package for the scheme is not installed.
    """
    url = _URL.fullmatch(where) if isinstance(where, str) else None
    if url is None:
        return Path(where) if isinstance(where, str) else where
    from upath import UPath

    try:
        # A cached listing would hide what other machines have written meanwhile.
        found = UPath(where, use_listings_cache=False)
        if found.protocol in ("file", "local"):
            return Path(found.path)
        found.exists()
    except ImportError as error:
        raise NotAvailableError(
            f"{where} needs a package that is not installed; for s3:// pip install 'genbench[s3]' ({error})"
        ) from None
    except Exception as error:  # each file system has its own errors for no network, no rights, no such name
        raise _unreachable(f"{where} cannot be reached", error) from None
    return found


def folder_place(where: str | Place) -> Place:
    """A place that may become a folder.

    Raises:
        InputError: it is a file, or see `place`.
    """
    found = place(where)
    if isinstance(found, Path) and found.is_file():
        raise InputError(f"{found} is a file; give a folder")
    return found


def shared(where: Place) -> bool:
    """Whether other processes see what is written there; ``memory://`` belongs to one."""
    return isinstance(where, Path) or where.protocol != "memory"


def read(path: Place) -> bytes:
    """A file's content, in one request."""
    if isinstance(path, Path):
        with path.open("rb", buffering=0) as file:
            return file.readall()
    data: bytes = path.fs.cat_file(path.path)
    return data


def put(path: UPath, data: bytes) -> None:
    """Write a file in one request; on object stores it is there whole or not at all.

    Raises:
        InputError: the store refuses.
    """
    try:
        path.fs.pipe_file(path.path, data)
    except Exception as error:  # see `place`
        raise _unreachable(f"{path} cannot be written", error) from None


def try_to_write(where: Place) -> None:
    """Ask a store behind a URL before much work is done for it; local folders say by themselves.

    Raises:
        InputError: the store refuses.
    """
    if not isinstance(where, Path):
        put(where / _TRIAL, b"")
        with contextlib.suppress(Exception):  # who may write need not be allowed to remove
            where.fs.rm_file((where / _TRIAL).path)


def walk(root: Place) -> Iterator[tuple[Place, list[str], list[str]]]:
    """Each folder, names of folders in it, which may be sorted or pruned in place, and names of all else.

    As with ``os.walk``, a folder that cannot be read is passed over, and links are not followed; unlike it,
    no folder is asked twice whether it is a link.
    """
    if isinstance(root, Path):
        yield from _walk_here(root)
    else:
        yield from _descend(root, (), _tree(root))


def _walk_here(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        below: list[str] = []
        files: list[str] = []
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                (below if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
        yield folder, below, files
        waiting += [folder / name for name in reversed(below)]


def _unreachable(what: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:160]
    return InputError(f"{what}; check the URL and the credentials ({reason})")


Tree: TypeAlias = "dict[tuple[str, ...], tuple[dict[str, None], list[str]]]"


def _tree(root: UPath) -> Tree:
    """Folders and files in each folder, from one listing: object stores answer a thousand names at a time."""
    tree: Tree = {(): ({}, [])}
    prefix = root.path.rstrip("/") + "/"
    for file in root.fs.find(root.path):
        *folders, name = file.removeprefix(prefix).split("/")
        for depth, folder in enumerate(folders):
            tree[tuple(folders[:depth])][0][folder] = None
            tree.setdefault(tuple(folders[: depth + 1]), ({}, []))
        tree[tuple(folders)][1].append(name)
    return tree


def _descend(root: UPath, parts: tuple[str, ...], tree: Tree) -> Iterator[tuple[Place, list[str], list[str]]]:
    below, files = list(tree[parts][0]), tree[parts][1]
    yield root.joinpath(*parts), below, files
    for name in below:
        yield from _descend(root, (*parts, name), tree)
