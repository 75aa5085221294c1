"""What all tests share."""

import sys

import pytest
import torch

from genbench.cli import main

# Two processes with two threads each on two cores wait for each other most of the time.
torch.set_num_threads(1)


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
