"""The command line, called in the tests' own process."""

import sys

import pytest

from genbench.cli import main


@pytest.fixture
def genbench(monkeypatch, capsys):
    """Run the command line in this process; gives exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["genbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return call
