import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genbench.store import write_atomically

DIES_BEFORE_THE_RENAME = """
import os, pathlib, signal, sys
from genbench.store.atomic import write_atomically
pathlib.Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
write_atomically(pathlib.Path(sys.argv[1]), b"new")
"""


def test_writes_and_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    for data in (b"old", b"new"):
        write_atomically(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_a_writer_killed_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    died = subprocess.run([sys.executable, "-c", DIES_BEFORE_THE_RENAME, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert [other.suffix for other in tmp_path.iterdir() if other != path] == [".tmp"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
